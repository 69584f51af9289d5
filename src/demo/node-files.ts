import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** What one node of the demo is told apart by. */
export interface NodeIdentity {
  readonly name: string;
  readonly address: string;
  /** keepalived's word for the configuration file. */
  readonly state: "MASTER" | "BACKUP";
  readonly priority: number;
  /** The name on its page. */
  readonly page: string;
}

/** Programs of this machine that the files of a node name. */
export interface NodePrograms {
  /** The executable `holdfast`. */
  readonly holdfast: string;
  /** The real nginx; undefined: there is none, and a web server of ours stands in. */
  readonly nginx: string | undefined;
  /** The Node that runs this. */
  readonly node: string;
}

export interface NodeFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Lists the files that make a host a node of the widely copied nginx pair: keepalived's configuration and the three scripts,
 * word for word as people have them, and around them what those scripts expect of a machine.
 */
export function nodeFiles(node: NodeIdentity, programs: NodePrograms): NodeFile[] {
  const nginx = webServer(programs);
  const plain = (path: string, text: string): NodeFile => ({ path, text, mode: 0o644 });
  const script = (path: string, text: string): NodeFile => ({ path, text, mode: 0o755 });
  return [
    plain(CONFIGURATION, configuration(node)),
    script("/etc/keepalived/check_nginx.sh", checkScript(nginx)),
    script("/etc/keepalived/master.sh", masterScript(nginx)),
    script("/etc/keepalived/backup.sh", backupScript()),
    script(SERVICE, serviceScript(programs)),
    plain(NGINX_CONFIGURATION, nginxConfiguration()),
    plain(`${PAGES}/index.html`, `<h1>${node.page}</h1>\n`),
    ...(programs.nginx === undefined ? [script(nginx, nginxStandIn(programs.node))] : []),
    script(`${STAND_INS}/mail`, mailStandIn()),
    script(`${STAND_INS}/ifconfig`, ifconfigStandIn(node)),
    plain(LOG, ""),
    plain(JOURNAL, ""),
    plain(MAILS, ""),
  ];
}

/** What starts the web server on a node. */
export function webServer({ nginx }: NodePrograms): string {
  return nginx ?? `${STAND_INS}/nginx`;
}

/** The configuration of nginx, or the same with a misspelt word that keeps it from starting. */
export function nginxConfiguration(flaw: "none" | "misspelt" = "none"): string {
  return `user root;
worker_processes 1;
pid /run/nginx.pid;
error_log ${NGINX_ERRORS};
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path /run/demo/nginx-body;
  proxy_temp_path /run/demo/nginx-proxy;
  fastcgi_temp_path /run/demo/nginx-fastcgi;
  uwsgi_temp_path /run/demo/nginx-uwsgi;
  scgi_temp_path /run/demo/nginx-scgi;
  server {
    ${flaw === "none" ? "listen" : "lisen"} 80;
    root ${PAGES};
  }
}
`;
}

/** The address that both nodes want. */
export const VIP = "192.168.5.18";

// Paths on a node.
const CONFIGURATION = "/etc/keepalived/keepalived.conf";
export const SERVICE = "/etc/init.d/keepalived";
export const NGINX_CONFIGURATION = "/etc/nginx/nginx.conf";
/** Stands before the system's folders in the PATH of what runs on a node. */
const STAND_INS = "/run/demo/bin";
/** The vrrp process adds its own suffix to the log file that the service names. */
export const LOG = "/var/log/holdfast_vrrp.log";
export const JOURNAL = "/var/lib/holdfast/journal.jsonl";
export const MAILS = "/var/log/mails";
const NGINX_ERRORS = "/var/log/nginx/error.log";

function configuration({ state, priority }: NodeIdentity): string {
  return `global_defs {
   router_id 333
}
vrrp_script chk_nginx {
    script "/etc/keepalived/check_nginx.sh"
    interval 2
    weight -5
    fall 3
    rise 2
}
vrrp_instance nginx {
    state ${state}
    interface eth0
    virtual_router_id 88
    priority ${priority}
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass abc123
    }
    virtual_ipaddress {
        ${VIP}
    }
    track_script {
        chk_nginx
    }
    notify_master /etc/keepalived/master.sh
    notify_backup /etc/keepalived/backup.sh
}
`;
}

function checkScript(nginx: string): string {
  return `#!/bin/bash
counter=$(ps -C nginx --no-heading|wc -l)
if [ "\${counter}" = "0" ]; then
    ${nginx}
    sleep 2
    counter=$(ps -C nginx --no-heading|wc -l)
    if [ "\${counter}" = "0" ]; then
        /etc/init.d/keepalived stop
    fi
fi
`;
}

function masterScript(nginx: string): string {
  return `${mailingScript("master")}counter=$(ps -C nginx --no-heading|wc -l)
if [ "\${counter}" = "0" ];then
    ${nginx}
else
    ${nginx} -s reload
fi
`;
}

function backupScript(): string {
  return mailingScript("backup");
}

function mailingScript(state: string): string {
  return `#!/bin/bash
Date=$(date +%F" "%T)
IP=$(ifconfig eth0 |grep "inet addr" |cut -d":" -f2 |awk '{print $1}')
Mail="abc@123.com"
echo "$Date $IP change to ${state}." |mail -s "Master-Backup Change Status" $Mail
`;
}

/** The scripts call it by keepalived's name; what it starts and stops is Holdfast. */
function serviceScript({ holdfast, node }: NodePrograms): string {
  return `#!/bin/sh
PATH=${STAND_INS}:${shellWord(dirname(node))}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
case "$1" in
start)
    exec ${shellWord(holdfast)} -D -G -g/var/log/holdfast.log -f ${CONFIGURATION}
    ;;
stop)
    pid=$(cat /run/holdfast/holdfast.pid 2>/dev/null) || exit 0
    kill "$pid" 2>/dev/null || exit 0
    # At most ten seconds.
    for try in $(seq 200); do
        kill -0 "$pid" 2>/dev/null || exit 0
        sleep 0.05
    done
    exit 1
    ;;
*)
    echo "Usage: $0 {start|stop}" >&2
    exit 64
    ;;
esac
`;
}

function nginxStandIn(node: string): string {
  const program = fileURLToPath(new URL("./web-server-program.js", import.meta.url));
  return `#!/bin/sh
exec ${shellWord(node)} ${shellWord(program)} ${NGINX_CONFIGURATION} "$@"
`;
}

/** Takes `mail -s SUBJECT ADDRESS` and keeps what would be sent, one line each. */
function mailStandIn(): string {
  return `#!/bin/sh
read -r line
echo "$3: $line" >> ${MAILS}
`;
}

/** The scripts look for "inet addr", which ifconfig has not printed for many years. */
function ifconfigStandIn({ address }: NodeIdentity): string {
  return `#!/bin/sh
echo "          inet addr:${address}  Bcast:192.168.5.255  Mask:255.255.255.0"
`;
}

/** A word for sh that means the text itself. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Debian's own folder of pages belongs to the machine. */
const PAGES = "/var/lib/nginx/html";
