import { keywords, acted, optional, NONE } from "../keyword.ts";
import type { BlockContent, KeywordSpec } from "../keyword.ts";
import * as k from "../keyword.ts";
import { GLOBAL_KEYWORDS } from "./global-defs.ts";
import { OTHER_BLOCKS } from "./other-blocks.ts";
import { TRACKER_BLOCKS } from "./scripts.ts";
import { SYNC_GROUP_BLOCK } from "./sync-group.ts";
import { SERVER_BLOCKS } from "./virtual-server.ts";
import { INSTANCE_KEYWORDS } from "./vrrp-instance.ts";

/** Everything that may stand outside of blocks: the root of the keyword table. */
export const ROOT: readonly KeywordSpec[] = [
  acted("global_defs", NONE, "Settings of the whole daemon", { block: keywords(GLOBAL_KEYWORDS), repeated: "every" }),
  ...TRACKER_BLOCKS,
  acted("vrrp_instance", [k.NAME], "A virtual router", { block: keywords(INSTANCE_KEYWORDS), repeated: "every" }),
  SYNC_GROUP_BLOCK,
  ...SERVER_BLOCKS,
  ...OTHER_BLOCKS,
  acted(
    "include_check",
    [optional(k.words("[+-]CHECK ..."))],
    "Checks of the include lines behind it (config/includes.ts)",
  ),
];

export const ROOT_CONTENT: BlockContent = keywords(ROOT);
