import { fail, succeed, type Result } from "../base/result.ts";
import type { Devices } from "../ports/devices.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { SimKernel } from "./sim-kernel.ts";
import type { SimProcess } from "./sim-process.ts";

/** The macvlan interfaces of one machine, as its kernel makes them. */
export function simDevices(kernel: SimKernel, process: SimProcess): Devices {
  return {
    createMacvlan: ({ name, baseIndex, mac }) =>
      process.call(() => {
        const operation = `create the macvlan interface ${name}`;
        if (kernel.interfaceAt(baseIndex) === undefined) return noDevice(operation);
        if (kernel.interfaceNamed(name) !== undefined)
          return fail({ operation, errno: "EEXIST", message: "File exists" });
        kernel.createMacvlan(name, baseIndex, mac);
        return succeed(undefined);
      }),
    withoutLinkLocal: (index) => process.call(() => found(kernel, index)),
    setUp: (index) =>
      process.call(() => {
        const outcome = found(kernel, index);
        if (outcome.ok) kernel.setMacvlanUp(index);
        return outcome;
      }),
    tellOf: (index) => process.call(() => found(kernel, index)),
    remove: (index) =>
      process.call(() => {
        const outcome = found(kernel, index);
        if (outcome.ok) kernel.removeInterface(index);
        return outcome;
      }),
  };
}

function found(kernel: SimKernel, index: number): Result<void, SystemFailure> {
  return kernel.interfaceAt(index) === undefined ? noDevice(`change interface ${index}`) : succeed(undefined);
}

function noDevice(operation: string): Result<never, SystemFailure> {
  return fail({ operation, errno: "ENODEV", message: "No such device" });
}
