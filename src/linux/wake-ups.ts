import type { WakeUps } from "../ports/wake-ups.ts";
import { libc } from "./libc.ts";
import { watchDescriptor } from "./watch.ts";

/**
 * A timer that never ends, but is cancelled by the kernel when the time of day makes a leap, as it does after a suspension. Where
 * none can be had nobody is called: whoever asks looks at the clocks now and then anyway.
 *
 * @see timerfd_create(2): TFD_TIMER_CANCEL_ON_SET; fs/timerfd.c: timerfd_resume.
 */
export function openLinuxWakeUps(): WakeUps {
  return {
    watch: (onWake) => {
      const c = libc();
      const timer = c.timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
      if (timer < 0) return { close: () => {} };
      const setting = new Uint8Array(new ArrayBuffer(SIZEOF_ITIMERSPEC));
      new DataView(setting.buffer).setBigInt64(AT_VALUE_SECONDS, FAR_AWAY, true);
      c.timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, setting);
      const expirations = new Uint8Array(new ArrayBuffer(8));
      const watch = watchDescriptor(timer, () => {
        // ECANCELED, once for each leap; the timer stays armed.
        c.read(timer, expirations);
        onWake();
      });
      watch.keepAlive(false);
      let open = true;
      return {
        close: () => {
          if (!open) return;
          open = false;
          watch.close();
          c.close(timer);
        },
      };
    },
  };
}

const CLOCK_REALTIME = 0;
// sys/timerfd.h; struct itimerspec is the interval and then the value, a struct timespec each.
const TFD_NONBLOCK = 0o4000;
const TFD_CLOEXEC = 0o2000000;
const TFD_TIMER_ABSTIME = 1;
const TFD_TIMER_CANCEL_ON_SET = 2;
const SIZEOF_ITIMERSPEC = 32;
const AT_VALUE_SECONDS = 16;
/** In the year 2200. */
const FAR_AWAY = 7_258_118_400n;
