// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import java.time.Duration;

/** A daemon for {@link SharedLoad}, with all servers, small memory, and short times for everything that waits. */
final class SharedDaemon {
    /** Longer than every time in the configuration. */
    static final Duration EVERY_TIMEOUT = Duration.ofSeconds(7);

    private final Daemon daemon;
    private final SharedLoad.Ports ports;

    SharedDaemon(Scratch scratch, String name) {
        daemon = scratch.daemon(name);
        ports = new SharedLoad.Ports(daemon.nfsPort(), Ports.free(), Ports.free());
        daemon.edit("^memory_size_gb = .*", "memory_size_gb = 0.1").with("""
                [storage.link]
                stall_secs = 6
                silence_secs = 1
                [servers]
                vanished_client_secs = 6
                [servers.ninep]
                port = %d
                [servers.nbd]
                port = %d
                [lsm]
                flush_interval_secs = 0.3
                [gc]
                grace_secs = 0.5
                garbage = 0.05
                """, ports.ninep(), ports.nbd());
    }

    SharedLoad.Ports ports() {
        return ports;
    }

    Running process() {
        return daemon.last();
    }

    void start() throws InterruptedException {
        daemon.start();
    }

    void kill() throws InterruptedException {
        daemon.kill();
    }

    void stop() throws InterruptedException {
        daemon.stop();
    }

    int end() throws InterruptedException {
        return daemon.end();
    }

    /** Stops the process with SIGSTOP until {@link #thaw}. */
    void freeze() throws InterruptedException {
        Command.of("kill", "-STOP", process().pid()).run();
    }

    void thaw() throws InterruptedException {
        Command.of("kill", "-CONT", process().pid()).run();
    }

    /** Starts the daemon and kills it after this time. Returns whether it was not ready yet. */
    boolean isKilledWhileOpening(Duration time) throws InterruptedException {
        daemon.launch();
        boolean opening = !daemon.last().saysWithin("ZeroFS is ready", time);
        daemon.kill();
        return opening;
    }
}
