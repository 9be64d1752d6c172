for (const name of Object.getOwnPropertyNames(globalThis).sort()) {
  const value = globalThis[name];
  print(name, typeof value, typeof value === 'function' && value.prototype ? Object.getOwnPropertyNames(value.prototype).sort().join() : '');
}
