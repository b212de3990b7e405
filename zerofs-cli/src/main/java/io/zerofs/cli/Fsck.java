// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.fs.ConsistencyChecker;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.check.DataCheck;
import io.zerofs.storage.check.StoreCheck;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.VolumeReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** One check of a volume: opens its newest state, and compares files, index, objects and data. One thread. */
final class Fsck {
    private static final int DATA_REQUESTS_MAX = 16;
    private static final double NANOS_PER_SECOND = 1e9;

    private final ZerofsConfig config;
    private final FsckOutput output;
    private final PrintStream progress;
    private String snapshot;

    Fsck(ZerofsConfig config, FsckOutput output, PrintStream progress) {
        this.config = config;
        this.output = output;
        this.progress = progress;
    }

    /** @param name snapshot to check; null for the newest state */
    Fsck ofSnapshot(String name) {
        snapshot = name;
        return this;
    }

    /**
     * Checks the volume.
     *
     * @param bytesPerSecond highest rate of reading data; 0 for no limit
     * @param repair whether to repair the volume before the check
     */
    FsckStatus run(boolean data, long bytesPerSecond, boolean repair) throws ExitException {
        try {
            return steps(data, bytesPerSecond, repair);
        } catch (FsckOutput.ReportLostException e) {
            throw new ExitException(ExitCode.CACHE_UNUSABLE, e.getMessage(), e);
        }
    }

    private FsckStatus steps(boolean data, long bytesPerSecond, boolean repair) throws ExitException {
        // A volume that does not open is not claimed.
        if (repair && !(opens(() -> look(this::ignore)) && opens(new FsckRepair(config, output)::run))) {
            return summary();
        }
        opens(() -> look((connection, reader, view, threads) -> {
            DataCheck.Settings reading = data
                    ? new DataCheck.Settings(threads.runtime().requests(), DATA_REQUESTS_MAX, bytesPerSecond)
                    : null;
            check(connection, reader, view, reading);
        }));
        return summary();
    }

    /** A step that needs a volume that opens. */
    private interface Step {
        void run() throws ObjectStoreException, OpenException, VolumeException, IOException;
    }

    /** Makes a step. Returns false, and reports the damage, if the volume does not open. */
    private boolean opens(Step step) throws ExitException {
        try {
            step.run();
            return true;
        } catch (OpenException e) {
            endAt(e);
            return false;
        } catch (ObjectStoreException e) {
            throw Failures.of(e);
        } catch (VolumeException e) {
            throw Failures.of(e);
        } catch (IOException e) {
            String what = "temporary files in " + config.cache().dir() + ": " + e.getMessage();
            throw new ExitException(ExitCode.CACHE_UNUSABLE, what, e);
        }
    }

    /** Looks at the newest state of the volume. */
    private interface Look {
        void at(StoreConnection connection, VolumeReader reader, VolumeReader.View view, EngineThreads threads)
                throws ObjectStoreException, OpenException, VolumeException, IOException;
    }

    private void ignore(
            StoreConnection connection, VolumeReader reader, VolumeReader.View view, EngineThreads threads) {}

    private void look(Look look) throws ObjectStoreException, OpenException, VolumeException, IOException {
        OpenSettings settings = OpenSettings.DEFAULT;
        try (StoreConnection connection =
                        StoreConnection.openToRead(config.storage().url(), config);
                EngineThreads threads = new EngineThreads(settings.requestsMax());
                OpeningLog opening = OpeningLog.start()) {
            opening.watch(connection.metrics());
            VolumeReader.Environment environment = new VolumeReader.Environment(
                    threads.runtime(), settings, config.cache().dir());
            try (VolumeReader reader = VolumeReader.open(
                            connection.store(), config.storage().encryptionPassword(), environment, opening);
                    VolumeReader.View view = snapshot == null ? reader.openNewest() : reader.openSnapshot(snapshot)) {
                opening.close();
                look.at(connection, reader, view, threads);
            }
        }
    }

    /** Reports an object without which the volume does not open. No other failure is a finding. */
    private void endAt(OpenException e) throws ExitException {
        switch (e.kind()) {
            case LOST_OBJECT, DAMAGED_OBJECT -> {
                output.volume(e.getMessage());
                String ended = "the volume does not open, so the checks end here";
                output.fact("remark", "remark: " + ended, Map.of("remark", ended));
            }
            case WRONG_PASSWORD,
                    OWNED_BY_NEWER_WRITER,
                    NO_CONDITIONAL_WRITES,
                    NO_VOLUME,
                    VOLUME_GONE,
                    NO_SNAPSHOT,
                    STORE_UNREACHABLE,
                    WRONG_CREDENTIALS,
                    NO_BUCKET,
                    WRONG_REGION,
                    WRONG_CLOCK,
                    STORE_REFUSED,
                    NEWER_FORMAT,
                    DIRECTORY_LOCKED,
                    DIRECTORY_UNUSABLE -> throw Failures.of(e);
        }
    }

    private void check(
            StoreConnection connection, VolumeReader reader, VolumeReader.View view, DataCheck.Settings reading)
            throws VolumeException, IOException, ObjectStoreException, OpenException {
        Manifest manifest = view.manifest();
        fact(
                "volume",
                "volume %s, manifest %d of epoch %d, log to commit %d",
                fields(
                        "id", view.volume().id().toString(),
                        "manifest", manifest.version(),
                        "epoch", manifest.epoch(),
                        "commit", view.lastSeq()));
        ConsistencyChecker[] itself = new ConsistencyChecker[1];
        try (ConsistencyChecker checker = new ConsistencyChecker(
                view.volume(),
                reader.scratch(),
                problem -> FsckFindings.report(problem, itself[0].paths(), output),
                new FsckProgress(progress, "files", "names and inodes")::reached)) {
            itself[0] = checker;
            ConsistencyChecker.Report files = checker.check();
            fact(
                    "files",
                    "files: %d inodes, %d bytes allocated",
                    fields("inodes", files.inodes(), "allocatedBytes", files.allocatedBytes()));
            FsckFindings findings = new FsckFindings(output, checker.paths());
            FsckProgress index = new FsckProgress(progress, "index", "chunks");
            try (StoreCheck store = new StoreCheck(
                            connection.store(), reader, view, findings, done -> index.reached(done, files.chunks()))
                    .ofSnapshot(snapshot)) {
                compare(store, findings, reading);
            }
        }
    }

    private void compare(StoreCheck store, FsckFindings findings, DataCheck.Settings reading)
            throws VolumeException, IOException, ObjectStoreException, OpenException {
        StoreCheck.Summary found = store.compare();
        if (reading == null) {
            store.reportCut();
        }
        findings.flush();
        fact(
                "index",
                "index: %d commits of %d bytes, files use %d bytes of them",
                fields("commits", found.commits(), "bytes", found.commitBytes(), "liveBytes", found.liveBytes()));
        fact(
                "objects",
                "objects: %d in the store, %d that garbage collection will delete",
                fields("objects", found.objects(), "unneeded", found.unneeded()));
        if (reading != null) {
            long begin = System.nanoTime();
            store.readData(reading, new FsckProgress(progress, "data", "bytes")::reached);
            findings.flush();
            double seconds = (System.nanoTime() - begin) / NANOS_PER_SECOND;
            fact(
                    "data",
                    "data: %d bytes read in %s s",
                    fields("bytes", found.liveBytes(), "seconds", String.format(Locale.ROOT, "%.1f", seconds)));
        }
    }

    private FsckStatus summary() {
        long problems = output.problems();
        long repaired = output.repaired();
        if (repaired > 0) {
            fact("summary", "problems left: %d; changes: %d", fields("problems", problems, "changes", repaired));
            return problems == 0 ? FsckStatus.CORRECTED : FsckStatus.ERRORS;
        }
        fact("summary", problems == 0 ? "clean" : "problems: %d; nothing was changed", fields("problems", problems));
        return problems == 0 ? FsckStatus.CLEAN : FsckStatus.ERRORS;
    }

    private void fact(String kind, String text, Map<String, Object> fields) {
        output.fact(kind, String.format(Locale.ROOT, text, fields.values().toArray()), fields);
    }

    private static Map<String, Object> fields(Object... namesAndValues) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }
}
