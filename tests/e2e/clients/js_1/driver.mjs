// SPDX-License-Identifier: Apache-2.0
// The official JavaScript SDK 1.x: one walk through an agent. driver.mjs URL BINDING VERSION CERT KEY CA; prints each step.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, fetch as undiciFetch } from 'undici';
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';
import * as sdk from '@a2a-js/sdk';

const [url, binding, version, cert, key, ca] = process.argv.slice(2);
const dispatcher = new Agent({ connect: { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) } });
const fetchImpl = (input, init) => undiciFetch(input, { ...init, dispatcher });
const legacyCompat = { enabled: version === '0.3' };
const done = (step) => console.log('ok', step);
const must = (holds, what) => { if (!holds) throw new Error(JSON.stringify(what)); };
const { Role, TaskState } = sdk;

const ask = (text, { task, atOnce = false } = {}) => ({
  tenant: '',
  metadata: undefined,
  message: {
    messageId: randomUUID(), role: Role.ROLE_USER, taskId: task?.id ?? '', contextId: task?.contextId ?? '',
    parts: [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' }],
    metadata: undefined, extensions: [], referenceTaskIds: [],
  },
  configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately: atOnce },
});

const resolver = new DefaultAgentCardResolver({ fetchImpl, legacyCompat });
const card = await resolver.resolve(url);
must(card.name === 'workload' && card.skills[0].id === 'talk', card);
card.supportedInterfaces = card.supportedInterfaces.filter((i) => i.protocolBinding === binding && i.protocolVersion.startsWith(version));
must(card.supportedInterfaces.length > 0, 'the card does not offer it');
done('card');
const transports = [new JsonRpcTransportFactory({ fetchImpl, legacyCompat }), new RestTransportFactory({ fetchImpl, legacyCompat })];
const client = await new ClientFactory(ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports, cardResolver: resolver })).createFromAgentCard(card);

const task = await client.sendMessage(ask('hello'));
must(task.status?.state === TaskState.TASK_STATE_COMPLETED, task);
done('send');

const events = [];
for await (const event of client.sendMessageStream(ask('count'))) events.push(event.payload);
must(events[0].$case === 'task' && events.filter((e) => e.$case === 'artifactUpdate').length >= 3, events);
must(events.at(-1).value.status?.state === TaskState.TASK_STATE_COMPLETED, events.at(-1));
done('stream');

const seen = await client.getTask({ tenant: '', id: task.id, historyLength: 10 });
must(seen.id === task.id && seen.history.length > 0 && seen.artifacts.length > 0, seen);
done('get');

if (version === '1.0') {
  const page = await client.listTasks({ tenant: '', contextId: '', status: 0, pageSize: 1, pageToken: '', historyLength: undefined, statusTimestampAfter: undefined, includeArtifacts: undefined });
  must(page.tasks.length === 1 && page.nextPageToken && page.totalSize >= 2, page);
  done('list');
}

const slow = await client.sendMessage(ask('wait', { atOnce: true }));
must([TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING].includes(slow.status?.state), slow);
const watcher = client.resubscribeTask({ tenant: '', id: slow.id });
const first = (await watcher.next()).value.payload;
must(first.$case === 'task' && first.value.id === slow.id, first);
done('subscribe');
const ended = await client.cancelTask({ tenant: '', id: slow.id, metadata: undefined });
must(ended.status?.state === TaskState.TASK_STATE_CANCELED, ended);
let last;
for await (const event of watcher) last = event.payload;
must(last?.value.status?.state === TaskState.TASK_STATE_CANCELED, last);
done('cancel');

const asked = await client.sendMessage(ask('question'));
must(asked.status?.state === TaskState.TASK_STATE_INPUT_REQUIRED, asked);
const answered = await client.sendMessage(ask('this one', { task: asked }));
must(answered.id === asked.id && answered.status?.state === TaskState.TASK_STATE_COMPLETED, answered);
done('input-required');
await dispatcher.close();
