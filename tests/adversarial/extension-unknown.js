// Attack: reaches for extensions that were not declared
// expect: ok ["undefined","undefined",false,"EXTENSION_NOT_FOUND"]
// within: 5000
// Why it matters: a panel may use what it declared, and nothing else that the server knows.
let code;
try {
  $ext.methods('http');
} catch (error) {
  code = error.code;
}
return [typeof $ext.http, typeof $ext.__proto__, 'http' in $ext, code];
