import { h, icon } from "../dom.ts";
import { makePressable, triggerOf } from "../trigger.ts";
import type { Component } from "./node.ts";

const kVariants = ["body", "h1", "h2", "h3", "h4", "code", "caption"] as const;
const kAddress = /https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g;
const kCopyIcon = "M6 6h7v7H6zM3 10V3h7";
const kDoneIcon = "M3 8.5l3.5 3.5L13 5";
const kCopiedShownMs = 1500;

/** Text: headings, body with live links, code with a copy button, captions. */
export const renderText: Component = (_node, props, context) => {
  const literal = props.raw("variant");
  const variant = kVariants.find((name) => name === literal) ?? "body";
  const element = variant === "code" ? codeElement() : textElement(variant);
  const target = element.querySelector<HTMLElement>("code") ?? element;
  context.owner.effect(() => {
    const content = props.text("content");
    if (variant === "body") target.replaceChildren(...linked(content));
    else if (target.textContent !== content) target.textContent = content;
  });
  const trigger = triggerOf(props, context);
  if (trigger) makePressable(element, trigger, context);
  return { element };
};

function textElement(variant: Exclude<(typeof kVariants)[number], "code">): HTMLElement {
  const tag = variant === "body" ? "p" : variant === "caption" ? "span" : variant;
  const element = h(tag, "nx-text");
  element.dataset.variant = variant;
  return element;
}

function codeElement(): HTMLElement {
  const code = h("code");
  const copy = h("button", "nx-copy", icon(kCopyIcon));
  copy.type = "button";
  copy.setAttribute("aria-label", "Copy");
  copy.addEventListener("click", () => void copyText(copy, code.textContent ?? ""));
  const element = h("div", "nx-text", code, copy);
  element.dataset.variant = "code";
  return element;
}

async function copyText(button: HTMLElement, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return; // Without the permission the text can still be selected by hand.
  }
  button.replaceChildren(icon(kDoneIcon));
  setTimeout(() => button.replaceChildren(icon(kCopyIcon)), kCopiedShownMs);
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
