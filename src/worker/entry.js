// The entry point of the Worker.

import "./tasks.js";
import { fetch, scheduled } from "./index.js";

Error.stackTraceLimit = 100;

export default { fetch, scheduled };
