// A panel whose author means harm: it cannot run script in the page, load anything, or reach beyond its own view.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Browser, startServer, waitFor } from './browser.mjs';

const MARKUP = '<img src=x onerror=window.pwned=1><script>window.pwned=1</script><svg onload=window.pwned=1>';

// Every place where a panel's author has a say, with markup or an address that would run.
const PANEL = `<NexusPanel title="${MARKUP}" description="${MARKUP}">
  <Data>
    <State name="html" type="string" default="${MARKUP}"/>
    <State name="url" type="string" default="javascript:window.pwned=1 https://example.org/&quot;onmouseover=window.pwned=1"/>
    <State name="rows" type="list" default='[{"id":"__proto__","t":"a"},{"id":"constructor","t":"b"},{"id":"__proto__","t":"c"}]'/>
    <State name="object" type="object" default='{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'/>
    <State name="on" type="boolean" default="true"/>
    <State name="n" type="number" default="1"/>
  </Data>
  <Logic>
    <Tool name="toast"><Handler>$emit('toast', { message: $state.html, type: '__proto__' });</Handler></Tool>
    <Tool name="modal"><Handler>$emit('modal', { title: $state.html, message: $state.html });</Handler></Tool>
    <Tool name="go"><Arg name="to" type="string"/><Handler>$emit('navigate', { url: $args.to });</Handler></Tool>
    <Tool name="props"><Handler>
      for (const prop of ['innerHTML', 'outerHTML', 'onclick', 'style', 'class', '__proto__', 'constructor', 'content', 'variant', 'href', 'src'])
        $view.getElementById('target').setProp(prop, $state.html);
    </Handler></Tool>
    <Tool name="methods"><Handler>
      for (const method of ['remove', 'constructor', '__proto__', 'toString', 'click', 'attachShadow', 'focus'])
        $view.getElementById('target').call(method, $state.html);
      $view.command('target', 'remove', {});
      $view.command('__proto__', 'polluted', {});
      $view.setFilter('constructor', $state.html);
      $view.scrollTo('target', $state.html);
    </Handler></Tool>
    <Tool name="pollute"><Handler>$state.object = JSON.parse('{"__proto__":{"polluted":2},"a":{"__proto__":{"polluted":3}}}');</Handler></Tool>
  </Logic>
  <View>
    <Layout strategy="stack">
      <Container title="{$state.html}" variant="{$state.html}">
        <Text id="target" content="{$state.html}" variant="{$state.html}"/>
        <Text content="{$state.url}"/>
        <Text content="{$state.html}" variant="code"/>
        <Metric label="{$state.html}" value="{$state.html}" unit="{$state.html}" trend="{$state.html}"/>
        <StatusBadge label="{$state.html}" status="{$state.html}"/>
        <Input bind="$state.html" label="{$state.html}" placeholder="{$state.html}" helper="{$state.html}" inputType="{$state.html}"/>
        <Switch bind="$state.on" label="{$state.html}"/>
        <Button label="{$state.html}" variant="{$state.html}" disabled="{$state.html === 1}"/>
        <LogStream data="{[$state.html, {level: $state.html, message: $state.html, timestamp: $state.html}]}" height="{$state.html}"/>
        <Chart type="{$state.html}" title="{$state.html}" unit="{$state.html}" xKey="{$state.html}" data="{[{y: 1}, {y: 2}]}" height="{$state.html}"/>
        <Chart type="pie" data="{[{x: $state.html, y: 1}, {x: 'b', y: 2}]}"/>
      </Container>
      <CustomComponent module="https://evil.example/steal.js" component="Steal" bind:x="$state.html" on:load="toast"/>
      <CustomComponent module="../assets/reactor.js" component="connect"/>
      <script src="https://evil.example/x.js"/>
      <iframe src="javascript:window.pwned=1"/>
      <Iterate items="{$state.rows}" as="row" key="id"><Text variant="h4" content="{$scope.row.t}"/></Iterate>
      <Text variant="caption" content="polluted: {$state.object.polluted} {$state.object.a}"/>
    </Layout>
  </View>
</NexusPanel>`;

let server;
let browser;
let page;
const asked = [];

before(async () => {
  server = await startServer({});
  browser = await Browser.launch();
  const created = await server.createPanel(PANEL, { panelId: 'hostile' });
  assert.equal(created.status, 201, created.text);
  const secret = await server.createPanel('<NexusPanel title="Secret"><Data><State name="s" type="string" default="secret"/></Data><View><Layout><Text content="{$state.s}"/></Layout></View></NexusPanel>', { panelId: 'secret' });
  assert.equal(secret.status, 201);
  page = await browser.openPanel(server, 'hostile');
  page.on('request', (request) => asked.push(request.url()));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// Nothing ran, nothing was loaded from elsewhere, and no element that could is there.
afterEach(async () => {
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.evaluate(() => ({}).polluted), undefined);
  const foreign = asked.filter((url) => !url.startsWith(server.base) && !url.startsWith('data:'));
  assert.deepEqual(foreign, []);
  const bad = await page.evaluate(() => {
    const root = document.getElementById('panel').shadowRoot;
    const all = [...root.querySelectorAll('*')];
    const handlers = all.flatMap((element) => [...element.attributes]).filter(({ name }) => /^on/i.test(name));
    const links = [...root.querySelectorAll('[href], [src], [action]')].map((element) => element.getAttribute('href') ?? element.getAttribute('src'));
    return {
      elements: all.filter(({ tagName }) => /^(script|iframe|img|object|embed|base|link|meta|style)$/i.test(tagName)).length,
      handlers: handlers.length,
      links: links.filter((link) => !/^https?:\/\//.test(link)),
    };
  });
  assert.deepEqual(bad, { elements: 0, handlers: 0, links: [] });
});

test('markup and addresses in every property are text', async () => {
  await page.getByText('polluted:').waitFor();
  await page.locator('.nx-chart-slice').first().waitFor();
  assert.ok(await page.getByText('<img src=x onerror').count() > 8);
  assert.equal(await page.title(), `${MARKUP} · Nexus`);
  assert.deepEqual(await page.locator('.nx-text[data-variant=h4]').allInnerTexts(), ['a', 'b', 'c']);
});

test('markup in a toast and a dialog is text', async () => {
  await server.trigger('hostile', 'toast');
  await page.locator('.nx-toast', { hasText: '<img src=x' }).waitFor();
  await server.trigger('hostile', 'modal');
  await page.getByRole('dialog').getByText('<script>').first().waitFor();
  await page.keyboard.press('Escape');
});

for (const address of ['javascript:window.pwned=1', ' JaVaScRiPt:window.pwned=1', 'data:text/html,<script>1</script>', 'java\nscript:window.pwned=1', 'blob:x', 'file:///etc/passwd']) {
  test(`the panel may not send its user to ${JSON.stringify(address)}`, async () => {
    const before = await page.locator('.nx-toast', { hasText: 'not allowed' }).count();
    await server.trigger('hostile', 'go', { to: address });
    await page.locator('.nx-toast', { hasText: 'not allowed' }).nth(Math.min(before, 3)).waitFor();
    assert.equal(await page.locator('.nx-toast', { hasText: 'wants to open' }).count(), 0);
  });
}

test('a handler sets properties of components, never of elements', async () => {
  await server.trigger('hostile', 'props');
  await server.trigger('hostile', 'methods');
  await server.trigger('hostile', 'pollute');
  await waitFor(page, () => document.getElementById('panel').client.state.object.a !== undefined, true);
  assert.equal(await page.locator('[data-id=target]').count(), 1);
  await page.getByText('polluted: {').waitFor();
});

test('no code of a panel is fetched, and unknown elements are not made', async () => {
  await page.getByText('The page has no component "Steal" of "https://evil.example/steal.js"').waitFor();
  await page.getByText('<script> is not a component').waitFor();
  await page.getByText('<iframe> is not a component').waitFor();
});

test('the policy of the page stops what a mistake of ours would let through', async () => {
  const violated = await page.evaluate(async () => {
    const seen = [];
    const four = new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        seen.push(effectiveDirective);
        if (new Set(seen).size >= 4) resolve();
      });
    });
    const script = document.createElement('script');
    script.textContent = 'window.pwned = 1';
    document.body.append(script);
    const image = document.createElement('img');
    image.setAttribute('onerror', 'window.pwned = 1');
    image.src = 'data:image/png,x';
    document.body.append(image);
    await fetch('https://evil.example/').catch(() => {});
    const frame = document.createElement('iframe');
    frame.src = 'https://evil.example/';
    document.body.append(frame);
    await Promise.race([four, new Promise((resolve) => setTimeout(resolve, 30000))]);
    script.remove();
    image.remove();
    frame.remove();
    return [...new Set(seen)].sort();
  });
  assert.deepEqual(violated, ['connect-src', 'frame-src', 'script-src-attr', 'script-src-elem']);
  asked.splice(0, asked.length, ...asked.filter((url) => !url.startsWith('https://evil.example/')));
});

test('none of it was a surprise to the page: it complained of nothing but the policy', () => {
  const others = browser.problems.filter((problem) => !/Content Security Policy|evil\.example|violates/.test(problem));
  assert.deepEqual(others, []);
});
