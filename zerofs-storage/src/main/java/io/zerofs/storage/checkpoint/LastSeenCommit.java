// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers on the local disk the last durable commit that this machine saw. It serves only a warning: an older store may
 * have been restored, or may be lying. Written without fsync, so it may be a little older.
 *
 * <pre>
 *   u64 epoch   u64 seq   bytes[32] salt   u32 CRC-32C
 * </pre>
 */
public final class LastSeenCommit implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LastSeenCommit.class);
    private static final int CONTENT_BYTES = 2 * Long.BYTES + Salt.BYTES;
    private static final int BYTES = CONTENT_BYTES + Integer.BYTES;

    private final Path file;
    private final Lock lock = Machine.current().newLock();
    private FileChannel channel;
    private boolean failed;
    private boolean closed;

    LastSeenCommit(Path file) {
        this.file = file;
    }

    public record Seen(CommitId id, Salt salt) {}

    /** Returns the remembered commit; empty if there is none or it is not readable. */
    public Optional<Seen> read() {
        ByteBuffer bytes;
        try {
            bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.warn("cannot read the last commit in {}: {}", file, e.toString());
            return Optional.empty();
        }
        if (bytes.remaining() != BYTES || bytes.getInt(CONTENT_BYTES) != checksum(bytes)) {
            return Optional.empty();
        }
        long epoch = bytes.getLong();
        long seq = bytes.getLong();
        return epoch < 1 || seq < 1
                ? Optional.empty()
                : Optional.of(new Seen(new CommitId(epoch, seq), Salt.read(bytes)));
    }

    /** Remembers a commit. Called in the order of the log, by one thread at a time. Only the first failure in a row is logged. */
    void write(CommitId id, Salt salt) {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        bytes.putLong(id.epoch()).putLong(id.seq());
        salt.write(bytes);
        bytes.putInt(checksum(bytes)).flip();
        lock.lock();
        try {
            if (!closed) {
                write(bytes);
                failed = false;
            }
        } catch (IOException e) {
            if (!failed) {
                LOG.warn("cannot remember the last commit in {}: {}", file, e.toString());
            }
            failed = true;
        } finally {
            lock.unlock();
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        // An interrupt closes the channel under its user.
        if (channel == null || !channel.isOpen()) {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        }
        channel.write(bytes, 0);
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            closed = true;
            if (channel != null) {
                channel.close();
            }
        } finally {
            lock.unlock();
        }
    }

    private static int checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), 0, CONTENT_BYTES);
        return (int) crc.getValue();
    }
}
