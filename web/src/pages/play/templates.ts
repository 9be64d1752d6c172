// What a new document may start from: the examples of this repository, in the order of what they teach.

import agent from "../../../../examples/agent.nxml";
import calculator from "../../../../examples/calculator.nxml";
import chat from "../../../../examples/chat.nxml";
import counter from "../../../../examples/counter.nxml";
import dashboard from "../../../../examples/dashboard.nxml";
import job from "../../../../examples/job.nxml";
import kanban from "../../../../examples/kanban.nxml";
import logs from "../../../../examples/logs.nxml";
import poll from "../../../../examples/poll.nxml";
import sales from "../../../../examples/sales.nxml";
import signup from "../../../../examples/signup.nxml";
import table from "../../../../examples/table.nxml";
import todo from "../../../../examples/todo.nxml";
import weather from "../../../../examples/weather.nxml";

const kBlank = `<NexusPanel title="New panel" description="Say what it is for">
  <Data>
    <State name="name" type="string" default="world"/>
  </Data>
  <Logic>
    <Tool name="shout" description="Writes the name in capital letters">
      <Handler>$state.name = $state.name.toUpperCase();</Handler>
    </Tool>
  </Logic>
  <View>
    <Layout>
      <Text variant="h2" content="Hello {$state.name}"/>
      <Input label="Name" bind="$state.name"/>
      <Button label="Shout" trigger="shout"/>
    </Layout>
  </View>
</NexusPanel>
`;

/** Each by the name under which it is offered. */
export const kTemplates: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "An empty panel": kBlank,
    Counter: counter,
    "To-do list": todo,
    Poll: poll,
    Calculator: calculator,
    "Sign-up form": signup,
    Chat: chat,
    Kanban: kanban,
    Table: table,
    Dashboard: dashboard,
    "Sales chart": sales,
    Logs: logs,
    "Slow job": job,
    "Weather, from another server": weather,
    "Agent console": agent,
  }),
);
