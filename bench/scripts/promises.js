// The job queue.
let done = 0;
(async () => {
  for (let i = 0; i < 3000; i++) done += await i;
})();
