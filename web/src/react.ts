// A React component around <nexus-panel>. React comes from the program that uses this; nothing of it is bundled.

import { createElement, type ReactElement, type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { defineNexusPanel, type ConnectionState, type NexusPanelElement, type PanelEvent, type TokenSource } from "@nexus/reactor";

export interface NexusPanelProps {
  /** The panel's address, such as https://panels.example.org/panels/counter. */
  src: string;
  token?: TokenSource;
  theme?: "light" | "dark";
  dev?: boolean;
  className?: string;
  style?: Record<string, string | number>;
  /** The panel's document is there. */
  onDocument?: (document: { title: string; description: string | undefined }) => void;
  onConnection?: (state: ConnectionState) => void;
  /** A handler emitted an event; return false to keep the panel from showing a toast, modal or navigation itself. */
  onEvent?: (event: PanelEvent) => boolean | void;
  /** The element, whose `client` gives the panel's state and tools. */
  ref?: Ref<NexusPanelElement>;
}

defineNexusPanel();

/** A live panel. */
export function NexusPanel({ ref, token, src, theme, dev, className, style, ...listeners }: NexusPanelProps): ReactElement {
  const element = useRef<NexusPanelElement>(null);
  const current = useRef(listeners);
  current.current = listeners;
  useImperativeHandle(ref, () => element.current as NexusPanelElement, []);
  useEffect(() => {
    const panel = element.current;
    if (!panel) return;
    const listen = <T>(name: string, hear: (detail: T) => boolean | void) => {
      const listener = (event: Event) => {
        if (hear((event as CustomEvent<T>).detail) === false) event.preventDefault();
      };
      panel.addEventListener(name, listener);
      return () => panel.removeEventListener(name, listener);
    };
    const ends = [
      listen<{ title: string; description: string | undefined }>("nexus-document", (detail) => current.current.onDocument?.(detail)),
      listen<ConnectionState>("nexus-connection", (detail) => current.current.onConnection?.(detail)),
      listen<PanelEvent>("nexus-event", (detail) => current.current.onEvent?.(detail)),
    ];
    return () => ends.forEach((end) => end());
  }, []);
  // A token is set as a property: attributes can be read by every script of the page.
  useEffect(() => {
    if (element.current) element.current.token = token;
  }, [token]);
  // The address comes last, once the token is there.
  useEffect(() => {
    if (element.current) element.current.src = src;
  }, [src]);
  return createElement("nexus-panel", { ref: element, theme, dev: dev === undefined ? undefined : String(dev), class: className, style });
}
