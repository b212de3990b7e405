// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.zerofs.server.load.SoakHistory.Content;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.SortedMap;

/**
 * One client with its files, which no other client changes. It knows what they must be, through every restart of the server
 * and from one run to the next. One thread.
 */
final class SoakWorker implements Runnable {
    private final Soak soak;
    private final String name;
    private final Connect connect;
    private final Path saved;
    private final int index;
    private SoakServing serving;
    private SoakClient client;
    private SoakHistory history;
    private SoakSteps steps;
    private volatile long liveBytes;

    /** Connects to the daemon that serves. */
    interface Connect {
        SoakClient to(SoakServing serving) throws IOException;
    }

    /** A request, after which the files are in another state. */
    private interface Request {
        void run() throws IOException;
    }

    SoakWorker(Soak soak, int index, String name, Connect connect) {
        this.soak = soak;
        this.name = name;
        this.connect = connect;
        this.saved = soak.directory().resolve("state." + name);
        this.index = index;
    }

    long liveBytes() {
        return liveBytes;
    }

    @Override
    public void run() {
        try {
            serving = soak.serving();
            again(this::begin);
            while (soak.paced()) {
                again(this::step);
            }
            again(this::end);
        } catch (IOException | RuntimeException e) {
            soak.failed(name, e);
        } finally {
            hangUp();
        }
    }

    /** Does something. If the server ends meanwhile, waits for the next one, looks at what survived, and does it again. */
    private void again(Request request) throws IOException {
        boolean done = false;
        while (!done) {
            try {
                if (client == null) {
                    reconnect();
                }
                request.run();
                done = true;
            } catch (SoakFailure e) {
                throw e;
            } catch (IOException | RuntimeException | AssertionError e) {
                hangUp();
                soak.awaitOther(serving, e);
            }
        }
    }

    private void hangUp() {
        try {
            if (client != null) {
                client.close();
            }
        } catch (IOException e) {
            // The connection has ended by itself.
        }
        client = null;
    }

    private void reconnect() throws IOException {
        SoakServing now = soak.serving();
        SoakServing before = serving;
        client = connect.to(now);
        if (now.number() != before.number() && history != null) {
            history.recovered(SoakSteps.readAll(client), now.isOrderlyAfter(before));
            soak.survived();
        }
        serving = now;
    }

    private void begin() throws IOException {
        SortedMap<String, Content> found = SoakSteps.readAll(client);
        if (Files.exists(saved)) {
            SortedMap<String, Content> expected = SoakHistory.load(saved);
            if (!expected.equals(found)) {
                throw new SoakFailure("the last run left other files: " + SoakHistory.differences(expected, found));
            }
            Files.delete(saved);
            System.out.println(name + ": " + found.size() + " files are as the last run left them");
        } else if (!found.isEmpty()) {
            System.out.println(name + ": " + found.size() + " files are sound; the last run left no record");
        }
        history = new SoakHistory(found);
        steps = new SoakSteps(index, new Random(soak.seed() + index), history);
        soak.ready();
    }

    private void end() throws IOException {
        if (!history.now().isEmpty()) {
            client.sync(history.now().firstKey());
        }
        history.durable();
        SortedMap<String, Content> found = SoakSteps.readAll(client);
        if (!history.now().equals(found)) {
            throw new SoakFailure("at the end: " + SoakHistory.differences(history.now(), found));
        }
        history.save(saved);
        System.out.println(name + ": " + found.size() + " files are as they must be at the end");
    }

    private void step() throws IOException {
        long began = System.nanoTime();
        if (steps.step(client)) {
            soak.measured(System.nanoTime() - began);
            liveBytes = SoakBlocks.BYTES * history.liveBlocks();
        } else {
            hangUp();
        }
    }
}
