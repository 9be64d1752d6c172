import { h } from "./dom.ts";
import { storeToken } from "./session.ts";

/** The form that asks for a token; the page starts anew with it. */
export function signInForm(): HTMLElement {
  const field = h("input", "nx-input");
  field.type = "password";
  field.id = "token";
  field.autocomplete = "off";
  field.required = true;
  const label = h("label", "nx-notice-text", "Paste a token of your identity provider.");
  label.htmlFor = field.id;
  const button = h("button", "nx-button", "Sign in");
  button.type = "submit";
  const form = h("form", "nx-notice", h("h2", "nx-notice-title", "Sign in"), label, field, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    storeToken(field.value.trim());
    location.reload();
  });
  return form;
}
