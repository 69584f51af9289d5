import { expect, test } from "vitest";
import { needs } from "../require.ts";
import {
  addressesOf,
  awaitNoHoldfast,
  configurationOf,
  CONFIGURATION_FILE,
  HOLDFAST,
  LAB_NEEDS,
  pass,
  VIP,
  withNode,
  type Node,
} from "./cluster.ts";

const FAST = { interval: 0.3, priority: 200 } as const;
const GOOD = configurationOf(FAST);
const OTHER = "/etc/keepalived/other.conf";
const SCRIPT = ["vrrp_script check {", `script "/etc/keepalived/no-such-check.sh"`, "interval 1", "}"];

const START = [HOLDFAST, "-n", "-l", "-D", "-f", CONFIGURATION_FILE];

interface Trial {
  readonly what: string;
  readonly text: string;
  /** A line of the log: place, then what is wrong and what to do. */
  readonly said: RegExp;
  /** Commands of a shell that prepare or finish what cannot be written as text. */
  readonly shell?: string;
}

/** Nothing can run: it ends by itself. */
const FATAL: readonly (Trial & { readonly status: number })[] = [
  {
    what: "an unknown interface",
    text: GOOD.replace("eth0", "eth7"),
    said: /keepalived\.conf:6:\d+\).*eth7/,
    status: 2,
  },
  { what: "VRID 0", text: GOOD.replace("id 51", "id 0"), said: /keepalived\.conf:7:\d+\).*1.*255/, status: 6 },
  { what: "VRID 256", text: GOOD.replace("id 51", "id 256"), said: /keepalived\.conf:7:\d+\).*1.*255/, status: 6 },
  { what: "VRID in words", text: GOOD.replace("id 51", "id one"), said: /keepalived\.conf:7:\d+\).*one/, status: 6 },
  {
    what: "a missing parameter",
    text: GOOD.replace("priority 200", "priority"),
    said: /keepalived\.conf:8:\d+\)/,
    status: 2,
  },
  { what: "an empty file", text: "", said: /keepalived\.conf/, status: 6 },
  {
    what: "a folder instead of a file",
    text: "",
    shell: `rm ${CONFIGURATION_FILE}; mkdir ${CONFIGURATION_FILE}`,
    said: /keepalived\.conf.*directory/i,
    status: 2,
  },
  { what: "no file", text: "", shell: `rm ${CONFIGURATION_FILE}`, said: /no .*keepalived\.conf/, status: 6 },
  {
    what: "a pipe that nobody writes to",
    text: "",
    shell: `rm ${CONFIGURATION_FILE}; mkfifo ${CONFIGURATION_FILE}`,
    said: /keepalived\.conf/,
    status: 2,
  },
  {
    what: "a device without an end",
    text: "",
    shell: `rm ${CONFIGURATION_FILE}; ln -s /dev/zero ${CONFIGURATION_FILE}`,
    said: /keepalived\.conf/,
    status: 2,
  },
];

/** Said, and what is left of the configuration runs. */
const SURVIVABLE: readonly Trial[] = [
  {
    what: "families mixed",
    text: configurationOf({ ...FAST, addresses: [`${VIP}/24`, "fe80::77/64"] }),
    said: /keepalived\.conf:\d+:\d+\).*(family|IPv6)/i,
  },
  {
    what: "a script that is missing",
    text: configurationOf({ ...FAST, blocks: SCRIPT, lines: ["track_script {", "check weight -5", "}"] }),
    said: /keepalived\.conf:\d+:\d+\).*no-such-check\.sh/,
  },
  {
    what: "a script that is not defined",
    text: configurationOf({ ...FAST, lines: ["track_script {", "chekc", "}"] }),
    said: /keepalived\.conf:\d+:\d+\).*chekc/,
  },
  {
    what: "an include that cannot be read",
    text: `include ${OTHER}\n${GOOD}`,
    shell: `mkdir ${OTHER}`,
    said: /keepalived\.conf:1:\d+\).*other\.conf/,
  },
  {
    what: "an include that is not there",
    text: `include ${OTHER}\n${GOOD}`,
    said: /keepalived\.conf:1:\d+\).*other\.conf/,
  },
  {
    what: "a file that includes itself",
    text: `include ${CONFIGURATION_FILE}\n${GOOD}`,
    said: /keepalived\.conf:1:\d+\).*(loop|itself)/i,
  },
  {
    what: "two files that include each other",
    text: `include ${OTHER}\n${GOOD}`,
    shell: `echo 'include ${CONFIGURATION_FILE}' > ${OTHER}`,
    said: /other\.conf:1:\d+.*\).*(loop|itself)/i,
  },
  {
    what: "$X=$X",
    text: `$X=$X\n${GOOD.replace("router_id lab", "router_id $X")}`,
    said: /keepalived\.conf:\d+:\d+\).*X/,
  },
  {
    what: "lines that end with CR LF",
    text: GOOD.replaceAll("\n", "\r\n"),
    said: /keepalived\.conf:\d+:\d+\).*(CR|carriage)/i,
  },
  { what: "a byte order mark", text: `\uFEFF${GOOD}`, said: /keepalived\.conf:1:1\).*(byte order mark|BOM)/i },
  {
    what: "no-break spaces",
    text: GOOD.replace("priority 200", "priority\u00A0200"),
    said: /keepalived\.conf:8:\d+\).*no-break .*space/i,
  },
  {
    what: "a byte that is no UTF-8",
    text: `# @\n${GOOD}`,
    shell: `sed -i '1s/@/\\xff/' ${CONFIGURATION_FILE}`,
    said: /keepalived\.conf:1:\d+\).*UTF-8/,
  },
  {
    what: "a NUL byte",
    text: `# @\n${GOOD}`,
    shell: `sed -i '1s/@/\\x00/' ${CONFIGURATION_FILE}`,
    said: /keepalived\.conf:1:\d+\).*NUL/,
  },
  {
    what: "a misspelt keyword",
    text: configurationOf({ ...FAST, lines: ["nopreemt"] }),
    said: /keepalived\.conf:\d+:\d+\).*nopreemt.*nopreempt/,
  },
  {
    what: "a brace that is missing at the end",
    text: GOOD.slice(0, GOOD.lastIndexOf("}")),
    said: /keepalived\.conf:4:\d+\).*vrrp_instance.*not closed/,
  },
];

needs(LAB_NEEDS)("bad input at the start", () => {
  test.concurrent.for(FATAL)("$what: ends with a sentence that names the place, exit $status", (trial) =>
    withNode(async (node) => {
      await prepare(node, trial);
      const daemon = await node.host.start(START);
      const end = await daemon.waitForEnd(5_000);
      const log = daemon.lines.join("\n");
      expect(log).toMatch(trial.said);
      expect(log).not.toMatch(STACK_TRACE);
      expect(end).toEqual({ kind: "exited", status: trial.status });
      expect(await addressesOf(node.host)).toEqual(["10.77.0.1/24 forever"]);
      await awaitNoHoldfast(node.host);
    }),
  );

  test.concurrent("a file of noise: ends with sentences that name places, and not with more text than the file has", () =>
    withNode(async (node) => {
      await node.host.runOrThrow(["sh", "-c", `head -c 100000 /dev/urandom > ${CONFIGURATION_FILE}`]);
      const daemon = await node.host.start(START);
      const end = await daemon.waitForEnd(5_000);
      const log = daemon.lines.join("\n");
      expect(log).toMatch(/keepalived\.conf:\d+:\d+\)/);
      expect(log).not.toMatch(STACK_TRACE);
      expect(log.length).toBeLessThan(100_000);
      // A missing parameter or nothing usable: the noise decides.
      expect(end).toSatisfy((value: typeof end) => value.kind === "exited" && [2, 6].includes(value.status));
      await awaitNoHoldfast(node.host);
    }));

  test.concurrent.for(SURVIVABLE)("$what: said with its place, and the VIP is served", (trial) =>
    withNode(async (node) => {
      await prepare(node, trial);
      const daemon = await node.host.start(START);
      await daemon.waitForLine(/Startup complete/, { withinMs: 5_000 });
      await node.host.vips.waitUntil(VIP, true);
      const log = daemon.lines.join("\n");
      expect(log).toMatch(trial.said);
      expect(log).not.toMatch(STACK_TRACE);
      expect(await daemon.stop()).toEqual({ kind: "exited", status: 0 });
      expect(await addressesOf(node.host)).toEqual(["10.77.0.1/24 forever"]);
    }),
  );
});

needs(LAB_NEEDS)("faults of the host", () => {
  test.concurrent("no room for the journal: said once, and the VIP is served", () =>
    withNode(async (node) => {
      await node.host.runOrThrow(["mkdir", "-p", "/var/lib/holdfast"]);
      await node.host.runOrThrow(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", "/var/lib/holdfast"]);
      await node.host.run(["sh", "-c", "cat /dev/zero > /var/lib/holdfast/full 2>/dev/null"]);
      await node.holdfast(GOOD);
      await node.host.vips.waitUntil(VIP, true);
      await node.daemon.waitForLine(/\/var\/lib\/holdfast.*(ENOSPC|no space)/i);
      await node.host.setLink("down");
      await node.daemon.waitForLine(/Entering FAULT STATE/);
      const mark = node.daemon.mark();
      await node.host.setLink("up");
      await node.daemon.waitForLine(/Entering MASTER STATE/, { after: mark });
      const complaints = node.log().filter((line) => /ENOSPC|no space/i.test(line));
      expect(complaints.length).toBeLessThanOrEqual(2);
      expect(node.log().join("\n")).not.toMatch(STACK_TRACE);
      expect(await node.instance()).toMatchObject({ state: "MASTER" });
    }));

  test.concurrent("no room in the run folder either: the VIP is served", () =>
    withNode(async (node) => {
      await node.host.runOrThrow(["mkdir", "-p", "/run/holdfast"]);
      await node.host.runOrThrow(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", "/run/holdfast"]);
      await node.host.run(["sh", "-c", "cat /dev/zero > /run/holdfast/full 2>/dev/null"]);
      await node.holdfast(GOOD);
      await node.host.vips.waitUntil(VIP, true);
      expect(node.log().join("\n")).toMatch(/\/run\/holdfast.*(ENOSPC|no space)/i);
      expect(node.log().join("\n")).not.toMatch(STACK_TRACE);
    }));

  test.concurrent("a state folder and a run folder that cannot be made: said, and the VIP is served", () =>
    withNode(async (node) => {
      await node.host.writeFile("/run/file", "");
      await node.holdfast(GOOD, "--runtime-dir", "/run/file/run", "--state-dir", "/run/file/state");
      await node.host.vips.waitUntil(VIP, true);
      const log = node.log().join("\n");
      expect(log).toMatch(/\/run\/file\/run/);
      expect(log).toMatch(/\/run\/file\/state/);
      expect(log).not.toMatch(STACK_TRACE);
    }));

  test.concurrent("nobody reads its log: the VIP is kept", () =>
    withNode(async (node) => {
      await node.host.writeFile(CONFIGURATION_FILE, GOOD);
      // A pipe whose reader sleeps fills up after 64 KiB.
      const script = `mkfifo /run/lab/log; sleep 1000 < /run/lab/log & exec ${START.join(" ")} -d 2> /run/lab/log`;
      const daemon = await node.host.start(["sh", "-c", script]);
      await node.host.vips.waitUntil(VIP, true);
      for (let count = 0; count < 300; count++) daemon.signal("SIGUSR1");
      await pass(3, node.host);
      expect((await node.instance()).state).toBe("MASTER");
      expect(node.host.vips.tenures(VIP)).toHaveLength(1);
      expect(node.host.vips.isHeld(VIP)).toBe(true);
    }));
});

async function prepare(node: Node, { text, shell }: Trial): Promise<void> {
  await node.host.writeFile(CONFIGURATION_FILE, text);
  if (shell !== undefined) await node.host.runOrThrow(["sh", "-c", shell]);
}

const STACK_TRACE = /^\s+at .*:\d+:\d+\)?$|node:internal|A bug ends/m;
