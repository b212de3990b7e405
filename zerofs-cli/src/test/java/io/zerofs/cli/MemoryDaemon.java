// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.volume.MemoryVolume;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** The servers on a volume in memory, for trying out protocols without a store. */
final class MemoryDaemon {
    private MemoryDaemon() {}

    public static void main(String[] arguments) throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        StopSignals.install(count -> stopped.countDown());
        ZerofsConfig config = new ConfigLoader(Environment.process()).load(Path.of(arguments[2]));
        try (MemoryVolume volume = new MemoryVolume();
                Services services = Services.open(volume, Optional.empty(), config, OpenFiles.of(config))) {
            System.err.println("ZeroFS is ready");
            stopped.await();
        }
    }
}
