import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import type { Program } from "../lab/program.ts";
import { Listeners, waitFor } from "../lab/wait.ts";
import type { Tell, Tone } from "./happening.ts";
import { readLogLine, readMail, readTransition, type Said, type Transition } from "./node-events.ts";
import {
  JOURNAL,
  LOG,
  MAILS,
  NGINX_CONFIGURATION,
  nginxConfiguration,
  nodeFiles,
  SERVICE,
  VIP,
  webServer,
  type NodeIdentity,
  type NodePrograms,
} from "./node-files.ts";

/** One of the two nodes: a host with nginx and Holdfast on it, and everything they say. */
export class DemoNode {
  readonly identity: NodeIdentity;
  readonly host: Host;
  readonly #programs: NodePrograms;
  readonly #tell: Tell;
  readonly #transitions: Transition[] = [];
  readonly #changes = new Listeners();
  #log: Program | undefined;
  /** Whether Holdfast could act if it wanted to; where it cannot, what happens to addresses is the kernel's doing. */
  #alive = true;
  #changesOfVip = 0;

  private constructor(identity: NodeIdentity, host: Host, programs: NodePrograms, tell: Tell) {
    this.identity = identity;
    this.host = host;
    this.#programs = programs;
    this.#tell = tell;
  }

  /** Sets a node up and follows what it writes. nginx and Holdfast do not run yet. */
  static async open(lab: Lab, identity: NodeIdentity, programs: NodePrograms, tell: Tell): Promise<DemoNode> {
    const host = await lab.host(identity.name, { address: `${identity.address}/24` });
    const node = new DemoNode(identity, host, programs, tell);
    for (const { path, text, mode } of nodeFiles(identity, programs)) await host.writeFile(path, text, mode);
    // The scripts are to run as root, as on the machine they were written for; keepalived_script may not start nginx.
    await host.run(["sed", "-i", "/^keepalived_script:/d", "/etc/passwd"]);
    host.vips.subscribe(() => node.#noticeVip());
    await node.#follow(JOURNAL, (line) => node.#noticeTransition(line));
    node.#log = await node.#follow(LOG, readLogLine);
    await node.#follow(MAILS, readMail);
    return node;
  }

  get name(): string {
    return this.identity.name;
  }

  /** What it answers over HTTP while its nginx runs. */
  get page(): string {
    return `<h1>${this.identity.page}</h1>`;
  }

  /** Starts nginx as a boot of the machine does. */
  async startWebServer(): Promise<void> {
    await this.host.runOrThrow([webServer(this.#programs)]);
  }

  async start(): Promise<void> {
    this.#alive = true;
    await this.host.runOrThrow([SERVICE, "start"]);
  }

  async stop(): Promise<void> {
    await this.host.runOrThrow([SERVICE, "stop"]);
  }

  /** Makes nginx unable to start and kills it. */
  async breakWebServer(): Promise<void> {
    await this.host.writeFile(NGINX_CONFIGURATION, nginxConfiguration("misspelt"));
    await this.host.signal("SIGKILL", ({ name }) => name === "nginx");
  }

  /** Repairs nginx's configuration. Starting it is the check script's business. */
  async mendWebServer(): Promise<void> {
    await this.host.writeFile(NGINX_CONFIGURATION, nginxConfiguration());
  }

  /** Kills, stops or continues every process of Holdfast on the node at once. */
  async signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    this.#alive = signal === "SIGCONT";
    const count = await this.host.signal(signal, ({ name }) => name.startsWith("holdfast"));
    if (count === 0) throw new Error(`Holdfast does not run on ${this.name}`);
  }

  /** Waits until the node's journal tells a change to a state that happened at or after a time (ms since 1970). */
  async waitForState(state: string, sinceMs: number): Promise<void> {
    const look = (): true | undefined =>
      this.#transitions.some(({ atMs, to }) => to === state && atMs >= sinceMs) || undefined;
    await waitFor(`${this.name} to become ${state}`, look, this.#changes.subscribe, () => this.lastWords());
  }

  /** The end of Holdfast's log, for error messages. */
  lastWords(): string {
    return [`The end of the log of ${this.name}:`, ...(this.#log?.lines.slice(-15) ?? [])].join("\n  ");
  }

  async #follow(path: string, read: (line: string) => Said | undefined): Promise<Program> {
    const program = await this.host.start(["tail", "-n", "+1", "-F", path]);
    let taken = 0;
    program.onLine(() => {
      const fresh = program.lines.slice(taken);
      taken += fresh.length;
      for (const line of fresh) this.#say(read(line));
    });
    return program;
  }

  #noticeTransition(line: string): Said | undefined {
    const transition = readTransition(line);
    if (transition !== undefined) {
      this.#transitions.push(transition);
      this.#changes.notify();
    }
    return transition;
  }

  #noticeVip(): void {
    const changes = this.host.vips
      .tenures(VIP)
      .flatMap(({ fromMs, untilMs }) => [
        { atMs: fromMs, text: `has ${VIP}`, tone: "good" as Tone },
        ...(untilMs === undefined ? [] : [{ atMs: untilMs, text: this.#lossText(), tone: "plain" as Tone }]),
      ]);
    for (const change of changes.slice(this.#changesOfVip)) this.#say(change);
    this.#changesOfVip = changes.length;
  }

  #lossText(): string {
    return this.#alive ? `no longer has ${VIP}` : `no longer has ${VIP}: the lease ran out, so the kernel removed it`;
  }

  #say(said: Said | undefined): void {
    if (said === undefined) return;
    this.#tell({ atMs: said.atMs ?? Date.now(), who: this.name, text: said.text, tone: said.tone });
  }
}
