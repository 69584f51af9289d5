import { existsSync } from "node:fs";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";

/**
 * Starts the real nginx, which answers every question on port 80 with one line. Comes back when it accepts connections.
 * Its configuration is the host's own /etc/nginx/nginx.conf, so that `nginx` in a script starts the same service; so do
 * its pid file (/run/nginx.pid) and its temporary files.
 */
export async function startNginx(host: Host, says: string = host.name): Promise<Program> {
  await host.writeFile("/etc/nginx/nginx.conf", nginxConfiguration(says));
  const nginx = await host.start(["nginx", "-g", "daemon off;"]);
  await nginx.waitForLine(/start worker process \d+/);
  return nginx;
}

/**
 * Starts the real keepalived in the foreground with a configuration of its own; its log is the program's output. Comes
 * back when its VRRP process has read the configuration. Pid files lie where it puts them by default, in the host's own /run.
 */
export async function startKeepalived(host: Host, configuration: string): Promise<Program> {
  await host.writeFile(KEEPALIVED_CONF, configuration);
  const keepalived = await host.start(["keepalived", "-n", "-l", "-D", "-f", KEEPALIVED_CONF]);
  await keepalived.waitForLine(/Startup complete|VRRP_Script|Entering \w+ STATE/);
  return keepalived;
}

function nginxConfiguration(says: string): string {
  return `user root;
worker_processes 1;
pid /run/nginx.pid;
error_log stderr notice;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path /run/lab/nginx-body;
  proxy_temp_path /run/lab/nginx-proxy;
  fastcgi_temp_path /run/lab/nginx-fastcgi;
  uwsgi_temp_path /run/lab/nginx-uwsgi;
  scgi_temp_path /run/lab/nginx-scgi;
  server {
    listen 80;${existsSync(IPV6_PRESENT) ? " listen [::]:80;" : ""}
    location / { default_type text/plain; return 200 "${says}\\n"; }
  }
}
`;
}

/** The kernel has IPv6. */
const IPV6_PRESENT = "/proc/net/if_inet6";
const KEEPALIVED_CONF = "/etc/keepalived/keepalived.conf";
