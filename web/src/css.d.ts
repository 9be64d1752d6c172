// The bundler turns a style sheet that a script imports into its text.
declare module "*.css" {
  const text: string;
  export default text;
}
