// @nexus/reactor: live Nexus panels in any web page. README.md has examples.

import { defineNexusPanel } from "./element.ts";

export { connect, type ConnectOptions, PanelClient, type Unsubscribe } from "./client.ts";
export { type CloseCode, type ConnectionState, TriggerError, type TriggerOptions } from "./connection.ts";
export {
  type CustomComponentFactory,
  type CustomContext,
  type CustomInstance,
  registerComponent,
} from "./custom-components.ts";
export { defineNexusPanel, NexusPanelElement, type NexusPanelEvents } from "./element.ts";
export type { Call, Json, PanelEvent, Path } from "./protocol.ts";
export type { TokenSource } from "./remote.ts";

defineNexusPanel();
