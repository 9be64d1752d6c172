// Bundled as its text.
declare module "*.nxml" {
  const text: string;
  export default text;
}
