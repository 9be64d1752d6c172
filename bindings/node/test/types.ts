// Compiled, never run: the declarations cover what the README shows.
import { NexusRuntime, init, guestBuildHash, type Result, type PackedResult } from '../index.js';

async function use(): Promise<void> {
  init({ onWarning: (message: string) => console.warn(message) });
  const runtime = new NexusRuntime({ maxInstances: 4, timeoutMs: 100, debug: true });
  const result: Result = await runtime.execute('return 1', { state: { n: 1 }, capabilities: ['state:read:n'] }, 50);
  const blob: Buffer = await runtime.precompile('return 1');
  await runtime.executeCompiled(blob, { extensionRegistry: { db: ['get'], http: { methods: ['get'], scope: 'http' } } });
  for (const suspension of result.suspensions ?? [])
    await runtime.resume(suspension.suspensionId, { success: false, error: 'no', code: 'GONE' });
  const packed: PackedResult = await runtime.execute_handler('return 1', { state: new Uint8Array(), args: Buffer.alloc(0) });
  await runtime.resumeHandler(packed.suspension!.suspensionId, { success: true, value: packed.events });
  const rate: number = (await runtime.get_stats()).cacheHitRate;
  const tokens: string[] = NexusRuntime.infer_capabilities(guestBuildHash);
  console.log(rate, tokens, await runtime.getMetrics());
  await runtime.shutdown();
}
void use;
