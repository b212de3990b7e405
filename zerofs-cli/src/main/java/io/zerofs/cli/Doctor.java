// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.StoreLocation;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.storage.object.ConditionalWriteProbe;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.VolumeKeys;
import io.zerofs.storage.seal.PassphraseKdf;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The checks of {@code zerofs doctor}. Each prints one line with a verdict, and a failure does not keep the others from
 * running. Takes no claim, no lock and no address of a daemon. One thread.
 */
final class Doctor {
    private static final int SYNCS = 20;
    private static final int SYNC_BYTES = 4096;
    private static final double SLOW_SYNC_MILLIS = 20;
    private static final double SLOW_ANSWER_MILLIS = 200;
    /** Disk space that the index of some ten million files takes. */
    private static final long INDEX_BYTES = 2_000_000_000;

    private static final int BEST_JAVA = 21;

    private final ZerofsConfig config;
    private final boolean readOnly;
    private final PrintStream out;
    private ExitCode code = ExitCode.OK;

    /** @param readOnly whether the store gets no request that writes */
    Doctor(ZerofsConfig config, boolean readOnly, PrintStream out) {
        this.config = config;
        this.readOnly = readOnly;
        this.out = out;
    }

    /** A check. Its failure has the exit code that a start would have. */
    private interface Check {
        void run() throws ExitException, ObjectStoreException, OpenException, IOException;
    }

    /** Returns the code of the first failure, or OK. */
    ExitCode code() {
        return code;
    }

    void examine() {
        check("machine", ExitCode.CONFIG, this::machine);
        check("open files", ExitCode.CONFIG, this::openFiles);
        check("cache", ExitCode.CACHE_UNUSABLE, this::cache);
        check("store", ExitCode.STORE_UNREADABLE, this::store);
        check("servers", ExitCode.CONFIG, this::servers);
        check("clients", ExitCode.CONFIG, this::clients);
    }

    private void check(String subject, ExitCode otherwise, Check check) {
        try {
            check.run();
        } catch (ExitException e) {
            fail(subject, e.code(), e.getMessage());
        } catch (ObjectStoreException e) {
            fail(subject, Failures.of(e).code(), e.getMessage());
        } catch (OpenException e) {
            fail(subject, Failures.of(e).code(), e.getMessage());
        } catch (IOException | IllegalArgumentException e) {
            fail(subject, otherwise, e.toString());
        }
    }

    private void fail(String subject, ExitCode failure, String sentence) {
        code = code == ExitCode.OK ? failure : code;
        print("FAIL", subject, sentence);
    }

    private void ok(String subject, String format, Object... arguments) {
        print("ok", subject, String.format(Locale.ROOT, format, arguments));
    }

    private void warn(String subject, String format, Object... arguments) {
        print("warn", subject, String.format(Locale.ROOT, format, arguments));
    }

    private void print(String verdict, String subject, String sentence) {
        out.printf("%-4s  %-12s %s%n", verdict, subject, sentence.replaceAll("\\s*\\R\\s*", " "));
    }

    private void machine() throws ExitException {
        RunCommand.requireMemory(config.cache(), RunCommand.machineBytes());
        int java = Runtime.version().feature();
        if (java < BEST_JAVA) {
            warn("java", "Java %d works; a start and small requests are faster with the newest one", java);
        } else {
            ok("java", "Java %d", java);
        }
        ok(
                "machine",
                "%d processors, %.1f GB of memory, of which the daemon takes up to %.1f",
                Runtime.getRuntime().availableProcessors(),
                RunCommand.machineBytes() / 1e9,
                config.cache().memorySizeGb() + 0.5);
    }

    private void openFiles() throws ExitException {
        OpenFiles files = OpenFiles.of(config);
        ok(
                "open files",
                "enough for %d connections and %d tables of the index",
                files.connectionsMax(),
                files.indexMax());
    }

    private void cache() throws IOException {
        Path directory = config.cache().dir().toAbsolutePath();
        Path place = directory;
        while (!Files.isDirectory(place)) {
            if (Files.exists(place)) {
                throw new IOException(place + " is no directory");
            }
            place = place.getParent();
        }
        long free = Files.getFileStore(place).getUsableSpace();
        long wanted = config.cache().diskBytes() + INDEX_BYTES;
        if (free < wanted) {
            warn(
                    "cache",
                    "%s has %.1f GB of free space; disk_size_gb and the index of ten million files take %.1f",
                    place,
                    free / 1e9,
                    wanted / 1e9);
        }
        double[] millis = syncs(place);
        double median = millis[SYNCS / 2];
        String line = "an fsync takes %.1f ms in %s, at most %.1f ms";
        if (median > SLOW_SYNC_MILLIS) {
            warn(
                    "cache",
                    line + "; the start, checkpoints and a file:// store on this disk are slow",
                    median,
                    place,
                    millis[SYNCS - 1]);
        } else {
            ok("cache", line, median, place, millis[SYNCS - 1]);
        }
    }

    /** Returns the milliseconds of fsyncs of a new file, sorted. */
    private static double[] syncs(Path place) throws IOException {
        Path file = Files.createTempFile(place, "zerofs-doctor-", "");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            double[] millis = new double[SYNCS];
            for (int i = 0; i < SYNCS; i++) {
                channel.write(ByteBuffer.allocate(SYNC_BYTES));
                long began = System.nanoTime();
                channel.force(true);
                millis[i] = (System.nanoTime() - began) / 1e6;
            }
            Arrays.sort(millis);
            return millis;
        } finally {
            Files.delete(file);
        }
    }

    private void store() throws ExitException, ObjectStoreException {
        StoreLocation url = config.storage().url();
        if (url instanceof StoreLocation.Local local && !Files.isDirectory(local.directory())) {
            warn("store", "%s does not exist; the start with --create makes it", local.directory());
            return;
        }
        try (StoreConnection connection =
                readOnly ? StoreConnection.openToRead(url, config) : StoreConnection.open(url, config)) {
            ObjectStore store = connection.store();
            long began = System.nanoTime();
            store.list("manifests/", "", 1);
            ok(
                    "store",
                    "%s answers; the first answer took %.0f ms",
                    store.describe(),
                    (System.nanoTime() - began) / 1e6);
            check("volume", ExitCode.NO_VOLUME, () -> volume(store));
            if (!readOnly) {
                check("writes", ExitCode.STORE_REFUSED, () -> conditionalWrites(store));
                check("speed", ExitCode.STORE_UNREADABLE, () -> speed(store));
            }
        }
    }

    private void volume(ObjectStore store) throws OpenException {
        try {
            String id = new VolumeKeys(store, PassphraseKdf.DEFAULT, new SecureRandom())
                    .requirePassword(config.storage().encryptionPassword())
                    .toString();
            ok("volume", "the password opens volume %s", id);
        } catch (OpenException e) {
            if (e.kind() != OpenException.Kind.NO_VOLUME) {
                throw e;
            }
            warn("volume", "there is no volume yet; `zerofs run --create` makes one");
        }
    }

    private void conditionalWrites(ObjectStore store) throws ObjectStoreException, ExitException {
        ConditionalWriteProbe.Verdict verdict = ConditionalWriteProbe.probe(store, new SecureRandom());
        if (verdict == ConditionalWriteProbe.Verdict.HONOURED) {
            ok("writes", "the store honours conditional writes");
        } else if (config.storage().acceptUnconditionalWrites()) {
            warn("writes", "%s", verdict.explain(store));
        } else {
            throw new ExitException(ExitCode.NO_CONDITIONAL_WRITES, verdict.explain(store));
        }
    }

    private void speed(ObjectStore store) throws ObjectStoreException, IOException {
        StoreTrial trial = StoreTrial.of(store);
        String answers = "a PUT of 4 KiB takes %.0f ms and a GET %.0f ms (medians); an fsync takes at least one PUT";
        if (trial.putMillis() > SLOW_ANSWER_MILLIS) {
            warn("latency", answers, trial.putMillis(), trial.getMillis());
        } else {
            ok("latency", answers, trial.putMillis(), trial.getMillis());
        }
        ok(
                "throughput",
                "%.0f MB/s up and %.0f MB/s down with %d parallel requests",
                trial.upBytesPerSecond() / 1e6,
                trial.downBytesPerSecond() / 1e6,
                StoreTrial.PARALLEL);
    }

    private void servers() {
        config.servers().nfs().ifPresent(nfs -> addresses("nfs", nfs.listen()));
        config.servers().ninep().ifPresent(ninep -> addresses("ninep", ninep.listen()));
        config.servers().nbd().ifPresent(nbd -> addresses("nbd", nbd.listen()));
        config.prometheus().ifPresent(prometheus -> addresses("prometheus", prometheus.listen()));
    }

    private void addresses(String server, List<? extends ListenAddress> addresses) {
        for (ListenAddress address : addresses) {
            if (!(address instanceof ListenAddress.Tcp tcp)) {
                continue;
            }
            if (tcp.isOpenToAll()) {
                warn(server, "%s is open to every machine that reaches it; `allow` names its clients", tcp);
            }
            try {
                Services.requireFree(tcp);
                ok(server, "%s is free", tcp);
            } catch (ExitException e) {
                warn(server, "%s, which is right if the daemon runs now", e.getMessage());
            }
        }
    }

    private void clients() {
        LinuxClients clients = LinuxClients.ofThisMachine();
        config.servers().nfs().ifPresent(nfs -> client("nfs", clients.missingForNfs()));
        config.servers().ninep().ifPresent(ninep -> client("9p", clients.missingForNineP()));
        config.servers().nbd().ifPresent(nbd -> client("nbd", clients.missingForNbd()));
        for (String line : MountCommands.of(config.servers())) {
            out.println("      " + line);
        }
    }

    private void client(String protocol, Optional<String> missing) {
        if (missing.isEmpty()) {
            ok("client " + protocol, "this machine can use the server");
        } else {
            warn("client " + protocol, "%s", missing.get());
        }
    }
}
