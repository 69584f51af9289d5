import type { Configuration } from "./model/configuration.ts";
import type { HookSettings } from "./model/daemon.ts";
import type { ScriptCommand } from "./model/script-command.ts";
import type { FifoSettings, NotifySettings } from "./model/telling.ts";

/** Every command of a configuration with the keyword it stands behind, in the order of the model. */
export function commandsOf(
  configuration: Configuration,
): readonly { readonly keyword: string; readonly command: ScriptCommand }[] {
  const checks = configuration.scripts.flatMap(({ check }) =>
    "argv" in check ? [{ keyword: "script", command: check }] : [],
  );
  const notifying = [...configuration.instances, ...configuration.groups];
  const notify = notifying.flatMap((each) => notifyCommandsOf(each.notify));
  const readers = configuration.global.fifos.flatMap(({ keyword, script }) =>
    script === undefined ? [] : [{ keyword: `${keyword}_script`, command: script }],
  );
  const { startupScript, shutdownScript } = configuration.global.daemon;
  const hooks = [
    ...(startupScript === undefined ? [] : [{ keyword: "startup_script", command: startupScript.command }]),
    ...(shutdownScript === undefined ? [] : [{ keyword: "shutdown_script", command: shutdownScript.command }]),
  ];
  return [...checks, ...notify, ...readers, ...hooks];
}

/**
 * The configuration with another command in the place of each; undefined takes it out. A vrrp_script whose command is taken
 * out goes, and what tracks it does not.
 */
export function mapCommands(
  configuration: Configuration,
  change: (command: ScriptCommand) => ScriptCommand | undefined,
): Configuration {
  const each = (command: ScriptCommand | undefined): ScriptCommand | undefined =>
    command === undefined ? undefined : change(command);
  const hook = (settings: HookSettings | undefined): HookSettings | undefined => {
    const command = each(settings?.command);
    return settings === undefined || command === undefined ? undefined : { ...settings, command };
  };
  const { daemon } = configuration.global;
  const scripts = configuration.scripts.flatMap((script) => {
    if (!("argv" in script.check)) return [script];
    const check = change(script.check);
    return check === undefined ? [] : [{ ...script, check }];
  });
  return {
    ...configuration,
    global: {
      ...configuration.global,
      daemon: {
        ...daemon,
        startupScript: hook(daemon.startupScript),
        shutdownScript: hook(daemon.shutdownScript),
      },
      fifos: configuration.global.fifos.map((fifo): FifoSettings => ({ ...fifo, script: each(fifo.script) })),
    },
    scripts,
    instances: configuration.instances.map((instance) => ({ ...instance, notify: mapNotify(instance.notify, each) })),
    groups: configuration.groups.map((group) => ({ ...group, notify: mapNotify(group.notify, each) })),
  };
}

/** Notify settings that run no script. */
export function withoutScripts(notify: NotifySettings): NotifySettings {
  return mapNotify(notify, () => undefined);
}

function notifyCommandsOf(
  notify: NotifySettings,
): readonly { readonly keyword: string; readonly command: ScriptCommand }[] {
  return NOTIFY_KEYWORDS.flatMap(([field, keyword]) => {
    const command = notify[field];
    return command === undefined ? [] : [{ keyword, command }];
  });
}

function mapNotify(
  notify: NotifySettings,
  each: (command: ScriptCommand | undefined) => ScriptCommand | undefined,
): NotifySettings {
  return {
    ...notify,
    any: each(notify.any),
    master: each(notify.master),
    backup: each(notify.backup),
    fault: each(notify.fault),
    stop: each(notify.stop),
    deleted: each(notify.deleted),
    lowerPriority: each(notify.lowerPriority),
  };
}

const NOTIFY_KEYWORDS = [
  ["any", "notify"],
  ["master", "notify_master"],
  ["backup", "notify_backup"],
  ["fault", "notify_fault"],
  ["stop", "notify_stop"],
  ["deleted", "notify_deleted"],
  ["lowerPriority", "notify_master_rx_lower_pri"],
] as const;
