import { release } from "./release.ts";

/** What `-v` and `holdfast version` print. Tools look for words of the second line, as keepalived prints them. */
export function versionText(): string {
  return `Holdfast v${release()}\n\nConfig options:  VRRP VRRP_AUTH JSON BFD INIT=systemd SYSTEMD_NOTIFY\n`;
}

/** What `-h` prints: keepalived's flags, and where the commands are described. */
export function usageText(): string {
  return `Usage: holdfast [OPTION...]          runs as a daemon, as keepalived does
       holdfast run [OPTION...]      runs in the foreground, log lines on standard error
       holdfast COMMAND ...          check, status, events, plan, reload, ...: see \`holdfast help\`

  -f, --use-file=FILE          Configuration file; default /etc/holdfast/holdfast.conf,
                                else /etc/keepalived/keepalived.conf
  -n, --dont-fork              Stay in the foreground
  -l, --log-console            Log to standard error
  -D, --log-detail             More log messages; twice for still more
  -S, --log-facility=FACILITY  syslog facility: 0-7, local0-local7 or daemon (default)
  -G, --no-syslog              Do not log to syslog
  -g, --log-file[=FILE]        Log to FILE (default /var/log/holdfast.log); the other processes log
                                to files of their own, with _vrrp, _bfd, _mail or _snmp before the last dot
  -t, --config-test[=LOG_FILE] Check the configuration and exit: 0 good, 2 a parameter is missing,
                                5 other errors, 6 no such file, or scripts that are not secure
  -d, --dump-conf              Write the configuration to the log, as JSON
  -i, --config-id=ID           Id for lines that begin with @; default the short host name
  -e, --all-config             Every include must find a file
  -p, --pid=FILE               Pid file; default /run/holdfast/holdfast.pid
  -r, --vrrp_pid=FILE          Pid file of the vrrp process; default /run/holdfast/vrrp.pid
  -b, --bfd_pid=FILE           Pid file of the bfd process; default /run/holdfast/bfd.pid
  -B, --no_bfd                 No BFD: sessions of bfd_instance count as down
  -P, --vrrp                   Only VRRP, which is all there is in this version
  -C, --check                  Only health checkers, of which this version has none
      --all                    Processes run without anything to do, too
  -V, --dont-release-vrrp      Keep the virtual addresses at exit; the next start removes them
  -a, --address-monitoring     Log which addresses come and go on this host
  -R, --dont-respawn           Exit when a child process dies
      --ignore-sigint          SIGINT, as Ctrl-C sends it, does not stop the daemon
  -s, --namespace=NAME         Network namespace of the vrrp process, by its name of ip-netns(8)
  -x, --snmp                   Serve all tables of SNMP to a master agent
  -A, --snmp-agent-socket=PATH Where that listens, unless snmp_socket says; default /var/agentx/master
  -u, --umask=MASK             umask(2), as 0177
      --signum=NAME            Print the number of the signal for STOP, RELOAD, DATA, STATS, STATS_CLEAR,
                                JSON or TDUMP
      --runtime-dir=DIRECTORY  Pid files and control socket; default /run/holdfast
      --state-dir=DIRECTORY    Journal; default /var/lib/holdfast
  -v, --version                Print the version
  -h, --help                   Print this text

keepalived's other flags are known too; a line on standard error says why one has no effect, or is refused.
Exit status: 0 stopped as asked, 1 fatal, 2 configuration, 4 no permission, 6 no configuration, 64 wrong usage, 70 a bug.
`;
}
