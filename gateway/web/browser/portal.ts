/**
 * The script of every page. It makes pages livelier: newest values, what was added, zooming. Without it nothing is missing:
 * the same is there when the page is loaded again.
 */
import { followEvents } from "./event-stream.ts";
import { showAlarms, showTip } from "./frame-news.ts";
import { LiveCells } from "./live-cells.ts";
import { LiveStrip } from "./live-strip.ts";
import { PageReader } from "./page-reader.ts";
import { startZoom } from "./zoom.ts";

const reader = new PageReader();
const strip = LiveStrip.find();
const cells = new LiveCells();

followEvents(() => [...new Set([...(strip?.meters ?? []), ...cells.meters])], {
  tip: showTip,
  alarms: showAlarms,
  live(values) {
    strip?.show(values);
    if (!cells.show(values)) reader.readSoon();
  },
  news(topics) {
    const follows = (document.body.dataset["follows"] ?? "").split(" ");
    if (topics.some((topic) => follows.includes(topic))) reader.readSoon();
  },
  missed: () => reader.readSoon(),
  connected(isConnected) {
    document.documentElement.classList.toggle("is-live", isConnected);
    strip?.connected(isConnected);
  },
});
startZoom(reader);
