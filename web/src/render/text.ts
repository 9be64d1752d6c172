import { computed, untracked } from "@preact/signals-core";
import type { Context, Props } from "../context.ts";
import { copyButton } from "../copy.ts";
import { h } from "../dom.ts";
import type { Outline } from "../outline.ts";
import type { Owner } from "../owner.ts";
import type { ViewNode } from "../protocol.ts";
import { makePressable, triggerOf } from "../trigger.ts";
import type { Component } from "./node.ts";

const kVariants = ["body", "h1", "h2", "h3", "h4", "code", "caption"] as const;
const kAddress = /https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g;

type Variant = (typeof kVariants)[number];

/** Text: headings, body with live links, code with a copy button, captions. */
export const renderText: Component = (node, props, context) => {
  const element = mayChange(node, props) ? changingElement(props, context) : builtElement(props, props.choice("variant", kVariants), context);
  const trigger = triggerOf(props, context);
  if (trigger) makePressable(element, trigger, context);
  return { element };
};

function mayChange(node: ViewNode, props: Props): boolean {
  return node.id !== undefined || typeof props.raw("variant") === "object";
}

// Another variant is another tag, so another element inside one that stays.
function changingElement(props: Props, context: Context): HTMLElement {
  const { owner } = context;
  const box = h("div", "nx-text-box");
  const variant = computed(() => props.choice("variant", kVariants));
  let inner: Owner | undefined;
  owner.effect(() => {
    const chosen = variant.value;
    inner?.dispose();
    inner = owner.child();
    const place = { ...context, owner: inner };
    box.replaceChildren(untracked(() => builtElement(props, chosen, place)));
  });
  return box;
}

function builtElement(props: Props, variant: Variant, { owner, outline }: Context): HTMLElement {
  const element = variant === "code" ? codeElement() : textElement(variant, outline);
  const target = element.querySelector<HTMLElement>("code") ?? element;
  owner.effect(() => {
    const content = props.text("content");
    if (variant === "body") target.replaceChildren(...linked(content));
    else if (target.textContent !== content) target.textContent = content;
  });
  return element;
}

function textElement(variant: Exclude<Variant, "code">, outline: Outline): HTMLElement {
  const heading = () => `h${outline.levelOf(Number(variant.slice(1)))}` as "h2";
  const tag = variant === "body" ? "p" : variant === "caption" ? "span" : heading();
  const element = h(tag, "nx-text");
  element.dataset.variant = variant;
  return element;
}

function codeElement(): HTMLElement {
  const code = h("code");
  const copy = copyButton(() => code.textContent ?? "");
  copy.classList.add("nx-copy");
  const element = h("div", "nx-text", code, copy);
  element.dataset.variant = "code";
  return element;
}

// Addresses in body text become links that give the target no handle on this page.
function linked(content: string): (string | HTMLElement)[] {
  const parts: (string | HTMLElement)[] = [];
  let end = 0;
  for (const match of content.matchAll(kAddress)) {
    parts.push(content.slice(end, match.index), link(match[0]));
    end = match.index + match[0].length;
  }
  parts.push(content.slice(end));
  return parts.filter((part) => part !== "");
}

function link(address: string): HTMLAnchorElement {
  const anchor = h("a", "nx-link", address);
  anchor.href = address;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer nofollow";
  return anchor;
}
