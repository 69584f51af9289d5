/** A line as keepalived prints it on the console and into a file: asctime(3)'s date, local time, a colon, the text. */
export function consoleLine(at: Date, text: string): string {
  const day = String(at.getDate()).padStart(2, " ");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
  const date = `${WEEKDAYS[at.getDay()]} ${MONTHS[at.getMonth()]} ${day} ${time} ${at.getFullYear()}`;
  return `${date}: ${printable(text)}\n`;
}

/** The log file of one process: keepalived puts its suffix before the last dot of the file's name. */
export function processLogFile(file: string, suffix: "" | "_vrrp" | "_bfd" | "_mail" | "_snmp"): string {
  const slash = file.lastIndexOf("/");
  const dot = file.lastIndexOf(".");
  return dot > slash + 1 ? file.slice(0, dot) + suffix + file.slice(dot) : file + suffix;
}

/** Control characters could forge lines or drive a terminal; they are shown as `\x1b`. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
