// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.fs.ConsistencyChecker;
import io.zerofs.core.fs.FilePaths;
import io.zerofs.core.fs.FileRepair;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.VolumeOpener;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.ScratchDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Instant;

/** Repairs the records of a volume as its only writer. One thread. */
final class FsckRepair {
    private static final String QUESTION = "zerofs: the repair takes the volume over. If a daemon on another machine"
            + " serves it, that daemon ends with code 13. Repair it? [y/N] ";

    private final ZerofsConfig config;
    private final FsckOutput output;

    FsckRepair(ZerofsConfig config, FsckOutput output) {
        this.config = config;
        this.output = output;
    }

    /** Fails unless a terminal answers yes. */
    static void confirm(InputStream in, PrintStream prompts) throws ExitException {
        if (!Terminal.isPresent()) {
            throw new ExitException(ExitCode.USAGE, "--repair needs --yes, because standard input is no terminal");
        }
        if (!asksYes(in, prompts)) {
            throw new ExitException(ExitCode.USAGE, "the repair was not confirmed; nothing was changed");
        }
    }

    /** Asks once. Only a line that begins with y is a yes. */
    static boolean asksYes(InputStream in, PrintStream prompts) throws ExitException {
        prompts.print(QUESTION);
        prompts.flush();
        try {
            int answer = in.read();
            return answer == 'y' || answer == 'Y';
        } catch (IOException e) {
            throw new ExitException(ExitCode.USAGE, "the answer cannot be read: " + e.getMessage(), e);
        }
    }

    /** Claims the volume and repairs it. A daemon on this machine that uses the cache directory keeps the volume. */
    void run() throws ObjectStoreException, OpenException, VolumeException, IOException {
        OpenSettings settings = OpenSettings.DEFAULT
                .creatingVolume(false)
                .acceptingUnconditionalWrites(config.storage().acceptUnconditionalWrites());
        try (OpeningLog opening = OpeningLog.start();
                StoreConnection connection =
                        StoreConnection.open(config.storage().url(), config);
                ScratchDirectory scratch = ScratchDirectory.make(config.cache().dir());
                StorageVolume volume = VolumeOpener.open(
                        connection.store(),
                        config.storage().encryptionPassword(),
                        settings,
                        GcSettings.DEFAULT.withEnabled(false),
                        config.cache().dir(),
                        opening)) {
            Instant now = Instant.now();
            new FileRepair(volume, scratch.path(), new Timestamp(now.getEpochSecond(), now.getNano()), listener())
                    .run();
        }
        output.endRepair();
    }

    private FileRepair.Listener listener() {
        return new FileRepair.Listener() {
            @Override
            public void found(ConsistencyChecker.Problem problem, FilePaths paths) {
                FsckFindings.report(problem, paths, output);
            }

            @Override
            public void changed(long inode, String what, FilePaths paths) {
                output.repaired(inode == 0 ? "" : FsckFindings.pathOf(inode, paths), inode, what);
            }
        };
    }
}
