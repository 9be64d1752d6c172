// A document as a file and as a link. The link carries all of it, compressed, in the fragment, which is not sent to any server.

const kField = "code";
// What programs that pass links on let through.
const kLongestLink = 30_000;
const kLongestDocument = 2 ** 20;

async function through(bytes: BlobPart, transform: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(transform)).arrayBuffer());
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** The text packed for a link. */
export async function pack(text: string): Promise<string> {
  return toBase64Url(await through(text, new CompressionStream("deflate-raw")));
}

/** What pack() packed. Rejects for anything else, and for what unpacks to more than a document may have. */
export async function unpack(packed: string): Promise<string> {
  const reader = new Blob([fromBase64Url(packed)]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > kLongestDocument) throw new Error("the document in the link is too long");
  }
}

/** A link to the playground with this text; undefined when it would be too long to pass on. */
export async function linkTo(text: string): Promise<string | undefined> {
  const link = `${location.origin}/play#${kField}=${await pack(text)}`;
  return link.length <= kLongestLink ? link : undefined;
}

/** Takes the document out of the page's address; undefined when there is none. */
export function takePacked(): string | undefined {
  const packed = new URLSearchParams(location.hash.slice(1)).get(kField) ?? undefined;
  if (packed !== undefined) history.replaceState(history.state, "", location.pathname + location.search);
  return packed;
}

/** Offers the text as a file to keep. */
export function download(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/xml" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
