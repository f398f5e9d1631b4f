// The API key of whoever is at the keyboard: kept for as long as the page is open, never stored.
import { make } from "./nodes.js";

let key = "";

export function keyField() {
  const field = make("input");
  field.type = "password";
  field.placeholder = "API key, if needed";
  field.value = key;
  field.addEventListener("input", () => (key = field.value));
  return field;
}

export function authorization() {
  return key ? { Authorization: `Bearer ${key}` } : {};
}
