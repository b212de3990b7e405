// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.zerofs.server.load.SoakHistory.Content;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The requests of one client, which alone changes its files, chosen at random. Its history knows what the files must be. */
public final class SoakSteps {
    /** A write stays within so many blocks, aligned, so that it is one change. */
    private static final int WRITE_BLOCKS = 16;

    private static final int FILE_BLOCKS = 64;
    private static final int FILES = 120;

    private final Random random;
    private final SoakHistory history;
    private long nextNumber;
    private SoakClient client;

    /** A request, after which the files are in another state. */
    private interface Request {
        void run() throws IOException;
    }

    /** @param index of the client, from which its numbers of blocks follow */
    public SoakSteps(int index, Random random, SoakHistory history) {
        this.random = random;
        this.history = history;
        // No number occurs again, also not in another run.
        this.nextNumber = (long) (index + 1) << 48 | System.currentTimeMillis() << 4;
    }

    /** Returns what is there now. */
    public static SortedMap<String, Content> readAll(SoakClient client) throws IOException {
        SortedMap<String, Content> all = new TreeMap<>();
        for (String file : client.list()) {
            long label = client instanceof SoakClient.OfFiles files ? files.label(file) : 0;
            all.put(file, new Content(label, SoakBlocks.numbers(client.read(file, 0, Integer.MAX_VALUE))));
        }
        return all;
    }

    /** Makes one request, or some. Returns false if the client shall connect again instead. */
    public boolean step(SoakClient connected) throws IOException {
        client = connected;
        SortedMap<String, Content> now = history.now();
        int choice = random.nextInt(100);
        if (choice < 25) {
            sync(now);
        } else if (choice < 35 && !now.isEmpty()) {
            read(any(now), now);
        } else if (choice < 37) {
            return false;
        } else if (choice < 75 && !now.isEmpty()) {
            overwrite(any(now), now);
        } else if (client instanceof SoakClient.OfFiles files) {
            stepOfFiles(choice, files, now);
        } else {
            zero(now);
        }
        return true;
    }

    private void sync(SortedMap<String, Content> now) throws IOException {
        if (!now.isEmpty()) {
            client.sync(any(now));
            history.durable();
        }
    }

    private void stepOfFiles(int choice, SoakClient.OfFiles files, SortedMap<String, Content> now) throws IOException {
        boolean isFuller = random.nextInt(FILES) < now.size();
        if (choice < 86) {
            if (isFuller) {
                remove(any(now), files, now);
            } else {
                create(files, now);
            }
        } else if (choice < 88) {
            list(now);
        } else if (now.isEmpty()) {
            create(files, now);
        } else if (choice < 92) {
            truncate(any(now), files, now);
        } else if (choice < 96) {
            rename(any(now), files, now);
        } else if (choice < 98) {
            label(any(now), files, now);
        } else {
            files.lock(any(now));
        }
    }

    private String any(SortedMap<String, Content> now) {
        return new ArrayList<>(now.keySet()).get(random.nextInt(now.size()));
    }

    private void change(SortedMap<String, Content> next, Request request) throws IOException {
        history.begun(next);
        request.run();
        history.answered();
    }

    private void create(SoakClient.OfFiles files, SortedMap<String, Content> now) throws IOException {
        String file = "f" + nextNumber++;
        now.put(file, Content.EMPTY);
        change(now, () -> files.create(file));
        overwrite(file, history.now());
    }

    private void overwrite(String file, SortedMap<String, Content> now) throws IOException {
        int at = random.nextInt(blocksMax(file, now));
        long[] numbers = new long[1 + random.nextInt(WRITE_BLOCKS - at % WRITE_BLOCKS)];
        Arrays.setAll(numbers, i -> nextNumber++);
        now.put(file, now.get(file).with(at, numbers));
        change(now, () -> client.write(file, (long) at * SoakBlocks.BYTES, SoakBlocks.bytes(numbers)));
    }

    private int blocksMax(String file, SortedMap<String, Content> now) {
        return client instanceof SoakClient.OfFiles
                ? FILE_BLOCKS
                : now.get(file).blocks().length;
    }

    private void zero(SortedMap<String, Content> now) throws IOException {
        String file = any(now);
        int at = random.nextInt(blocksMax(file, now));
        int count = 1 + random.nextInt(WRITE_BLOCKS - at % WRITE_BLOCKS);
        now.put(file, now.get(file).with(at, new long[count]));
        change(now, () -> client.zero(file, (long) at * SoakBlocks.BYTES, count * SoakBlocks.BYTES));
    }

    private void truncate(String file, SoakClient.OfFiles files, SortedMap<String, Content> now) throws IOException {
        int length = random.nextInt(FILE_BLOCKS);
        now.put(file, now.get(file).ofLength(length));
        change(now, () -> files.truncate(file, (long) length * SoakBlocks.BYTES));
    }

    private void rename(String file, SoakClient.OfFiles files, SortedMap<String, Content> now) throws IOException {
        String other = any(now);
        String to = random.nextBoolean() || other.equals(file) ? "r" + nextNumber++ : other;
        now.put(to, now.remove(file));
        change(now, () -> files.rename(file, to));
    }

    private void remove(String file, SoakClient.OfFiles files, SortedMap<String, Content> now) throws IOException {
        now.remove(file);
        change(now, () -> files.remove(file));
    }

    private void label(String file, SoakClient.OfFiles files, SortedMap<String, Content> now) throws IOException {
        if (files instanceof SoakNineP) {
            long label = nextNumber++;
            now.put(file, now.get(file).labelled(label));
            change(now, () -> files.label(file, label));
        }
    }

    private void read(String file, SortedMap<String, Content> now) throws IOException {
        int blocks = now.get(file).blocks().length;
        int from = random.nextInt(blocks + 1);
        int to = Math.min(blocks, from + FILE_BLOCKS);
        long[] found =
                SoakBlocks.numbers(client.read(file, (long) from * SoakBlocks.BYTES, FILE_BLOCKS * SoakBlocks.BYTES));
        long[] expected = Arrays.copyOfRange(now.get(file).blocks(), from, to);
        if (!Arrays.equals(expected, found)) {
            throw new SoakFailure(file + " from block " + from + " must be " + Arrays.toString(expected) + " and is "
                    + Arrays.toString(found));
        }
    }

    private void list(SortedMap<String, Content> now) throws IOException {
        List<String> names = client.list();
        if (names.size() != now.size() || !new TreeSet<>(names).equals(now.keySet())) {
            throw new SoakFailure("the names must be " + now.keySet() + " and are " + names);
        }
    }
}
