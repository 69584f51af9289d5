import { expect, test } from "vitest";
import { bothAnsweredMs, RollCall } from "../../src/lab/roll-call.ts";
import { needs } from "../require.ts";
import { instanceOf, isOf, LAB_NEEDS, pass, VIP, withPair } from "./cluster.ts";

const FAST_VIP = "10.77.0.101";
/**
 * After an advert of the slow instance, in milliseconds. With a second renewal 0.3 s after it, the lease of the fast one would run
 * out just before that of the slow one, and the kernel would look again only when the other node serves.
 */
const WORST_MOMENT = 350;
/** The host signals by a program. */
const REACHING_IT = 25;

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "tcpdump"] })("instances of different intervals on one node", () => {
  // The fast leases end at a moment that chance decides, one of two times the wrong one.
  test.concurrent.each([1, 2, 3, 4])(
    "kill -9 of all processes, advert_int 1 beside 0.1: the slow VIP goes before the other node answers (%i)",
    () =>
      withPair(async ({ lab, a, b, client }) => {
        await a.holdfast(configurationOf(254));
        await lab.waitForOnlyHolder(VIP, a.host);
        // The strongest backup there can be but an owner: nobody is quicker.
        await b.holdfast(configurationOf(253));
        await b.daemon.waitForLine(/Entering BACKUP STATE/);
        const call = await RollCall.open(client, VIP, [a.host, b.host]);
        await pass((moment() - REACHING_IT) / 1000, client);
        const sinceMs = Date.now();
        expect(await a.host.signal("SIGKILL", isOf("holdfast"))).toBe(2);
        await b.host.vips.waitUntil(VIP, true);
        await a.host.vips.waitUntil(VIP, false);
        await pass(0.1, client);
        const answers = await call.stop();
        for (const kind of ["arp", "echo"] as const) {
          const ofKind = answers.filter((answer) => answer.kind === kind);
          expect(new Set(ofKind.map(({ by }) => by))).toEqual(new Set(["a", "b"]));
          expect(bothAnsweredMs(ofKind, "a", "b", sinceMs)).toBe(0);
        }
        expect(lab.twoHoldersMs(VIP, sinceMs)).toBe(0);
      }),
  );
});

/** Until the worst moment of an interval that has not begun yet. Adverts go out on the beat of the kernel's clock. */
function moment(): number {
  const now = Number(process.hrtime.bigint() / 1_000n) / 1_000;
  return 1_000 - (now % 1_000) + WORST_MOMENT;
}

function configurationOf(priority: number): string {
  const fast = { priority, interval: 0.1, addresses: [`${FAST_VIP}/24`] };
  return [...instanceOf("slow", 51, { priority }), ...instanceOf("fast", 52, fast), ""].join("\n");
}
