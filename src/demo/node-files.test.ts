import { expect, test } from "vitest";
import { nginxConfiguration, nodeFiles, shellWord } from "./node-files.ts";

const LB2 = { name: "lb2", address: "192.168.5.12", state: "BACKUP", priority: 99, page: "node2" } as const;

function fileOf(path: string, nginx: string | undefined): string | undefined {
  const programs = { holdfast: "/opt/hold fast/bin/holdfast", nginx, node: "/opt/node/bin/node" };
  return nodeFiles(LB2, programs).find((file) => file.path === path)?.text;
}

test("the backup's configuration: the other node's but for state and priority", () => {
  const text = fileOf("/etc/keepalived/keepalived.conf", "/usr/sbin/nginx");
  expect(text).toContain("\n    state BACKUP\n    interface eth0\n    virtual_router_id 88\n    priority 99\n");
});

test("the check script with nginx: as people have it; without: starts what stands in", () => {
  expect(fileOf("/etc/keepalived/check_nginx.sh", "/usr/sbin/nginx")).toBe(`#!/bin/bash
counter=$(ps -C nginx --no-heading|wc -l)
if [ "\${counter}" = "0" ]; then
    /usr/sbin/nginx
    sleep 2
    counter=$(ps -C nginx --no-heading|wc -l)
    if [ "\${counter}" = "0" ]; then
        /etc/init.d/keepalived stop
    fi
fi
`);
  expect(fileOf("/etc/keepalived/check_nginx.sh", undefined)).toContain("\n    /run/demo/bin/nginx\n");
  expect(fileOf("/run/demo/bin/nginx", "/usr/sbin/nginx")).toBeUndefined();
});

test("a folder with a space in its name: one word in the service script", () => {
  expect(fileOf("/etc/init.d/keepalived", undefined)).toContain("exec '/opt/hold fast/bin/holdfast' -D ");
});

test("words for a shell: quoted only where needed, quotes included", () => {
  expect(shellWord("/usr/bin/node-20")).toBe("/usr/bin/node-20");
  expect(shellWord("it's")).toBe("'it'\\''s'");
});

test("the flaw in nginx's configuration: one misspelt word", () => {
  expect(nginxConfiguration("misspelt").replace("lisen 80", "listen 80")).toBe(nginxConfiguration());
});
