// SPDX-License-Identifier: Apache-2.0
// The official JavaScript SDK 0.3: one walk through an agent. driver.mjs URL BINDING VERSION CERT KEY CA; prints each step.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, fetch as undiciFetch } from 'undici';
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';

const [url, binding, , cert, key, ca] = process.argv.slice(2);
const dispatcher = new Agent({ connect: { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) } });
const fetchImpl = (input, init) => undiciFetch(input, { ...init, dispatcher });
const done = (step) => console.log('ok', step);
const must = (holds, what) => { if (!holds) throw new Error(JSON.stringify(what)); };

const ask = (text, { task, blocking = true } = {}) => ({
  message: {
    kind: 'message', messageId: randomUUID(), role: 'user', parts: [{ kind: 'text', text }],
    ...(task ? { taskId: task.id, contextId: task.contextId } : {}),
  },
  configuration: { blocking },
});

const resolver = new DefaultAgentCardResolver({ fetchImpl });
const card = await resolver.resolve(url);
must(card.name === 'workload' && card.skills[0].id === 'talk', card);
done('card');
const transports = [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })];
const client = await new ClientFactory(ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports, preferredTransports: [binding], cardResolver: resolver })).createFromAgentCard(card);

const task = await client.sendMessage(ask('hello'));
must(task.status.state === 'completed', task);
done('send');

const events = [];
for await (const event of client.sendMessageStream(ask('count'))) events.push(event);
must(events[0].kind === 'task' && events.filter((e) => e.kind === 'artifact-update').length >= 3, events);
must(events.at(-1).status.state === 'completed' && events.at(-1).final === true, events.at(-1));
done('stream');

const seen = await client.getTask({ id: task.id, historyLength: 10 });
must(seen.id === task.id && seen.history.length > 0 && seen.artifacts.length > 0, seen);
done('get');

const slow = await client.sendMessage(ask('wait', { blocking: false }));
must(['submitted', 'working'].includes(slow.status.state), slow);
const watcher = client.resubscribeTask({ id: slow.id });
const first = (await watcher.next()).value;
must(first.kind === 'task' && first.id === slow.id, first);
done('subscribe');
const ended = await client.cancelTask({ id: slow.id });
must(ended.status.state === 'canceled', ended);
let last;
for await (const event of watcher) last = event;
must(last?.status.state === 'canceled', last);
done('cancel');

const asked = await client.sendMessage(ask('question'));
must(asked.status.state === 'input-required', asked);
const answered = await client.sendMessage(ask('this one', { task: asked }));
must(answered.id === asked.id && answered.status.state === 'completed', answered);
done('input-required');
await dispatcher.close();
