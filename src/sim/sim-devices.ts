import { fail, succeed, type Result } from "../base/result.ts";
import type { DeviceKind, Devices } from "../ports/devices.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { NetworkInterface } from "../ports/kernel.ts";
import type { SimKernel } from "./sim-kernel.ts";
import type { SimProcess } from "./sim-process.ts";

/** Makes interfaces on those of one machine, as its kernel does, which may lack some kinds. */
export function simDevices(kernel: SimKernel, process: SimProcess, lacks: readonly DeviceKind[]): Devices {
  const create = (
    kind: DeviceKind,
    { name, baseIndex }: { readonly name: string; readonly baseIndex: number },
    make: (base: NetworkInterface) => void,
  ): Result<void, SystemFailure> =>
    process.call(() => {
      const operation = `create the ${kind} interface ${name}`;
      if (lacks.includes(kind)) return fail({ operation, errno: "EOPNOTSUPP", message: "Operation not supported" });
      const base = kernel.interfaceAt(baseIndex);
      if (base === undefined) return noDevice(operation);
      if (kernel.interfaceNamed(name) !== undefined)
        return fail({ operation, errno: "EEXIST", message: "File exists" });
      make(base);
      return succeed(undefined);
    });
  return {
    createMacvlan: (request) =>
      create("macvlan", request, () => kernel.createAbove(request.name, request.baseIndex, { mac: request.mac })),
    createIpvlan: (request) =>
      create("ipvlan", request, ({ mac }) => {
        const { name, baseIndex, flags } = request;
        kernel.createAbove(name, baseIndex, { mac, ipvlan: { baseIndex, mode: 0, flags } });
      }),
    has: (kind) => process.call(() => succeed(!lacks.includes(kind))),
    setVrf: (index, vrfIndex) =>
      process.call(() => {
        const outcome = found(kernel, index);
        if (outcome.ok) kernel.setMaster(index, vrfIndex);
        return outcome;
      }),
    withoutLinkLocal: (index) => process.call(() => found(kernel, index)),
    setUp: (index) =>
      process.call(() => {
        const outcome = found(kernel, index);
        if (outcome.ok) kernel.setUp(index);
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
