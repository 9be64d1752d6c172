// Attack: emits without end and catches the refusal
// expect: RESOURCE_LIMIT
// within: 3000
// Why it matters: every event is sent to every client of the panel.
for (;;) {
  try {
    $emit('spam', { a: 1 });
  } catch {}
}
