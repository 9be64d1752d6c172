// Attack: commands the view without end
// expect: RESOURCE_LIMIT
// within: 3000
// Why it matters: every command is sent to every client of the panel.
for (;;) $view.setFilter('list', 'x');
