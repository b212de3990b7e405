// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A run of bytes in pages of 64 KiB, each packed and sealed on its own. The last page has a mark, so that nobody can change
 * the end or the order. Each page is stored as a u32 length and that many bytes of sealed piece. All pages are packed first,
 * because the header has the stored length and every page is bound to the header.
 */
public final class SealedSection {
    public static final int SECTION_PAGE_BYTES = Compression.PAGE_BYTES_MAX;
    public static final int LENGTH_BYTES = Integer.BYTES;

    /** Maximum bytes of a stored page. */
    public static final int STORED_PAGE_BYTES_MAX =
            LENGTH_BYTES + ObjectCipher.PIECE_OVERHEAD_BYTES + SECTION_PAGE_BYTES;

    private final List<Compression.CodedPage> pages;
    private final long storedLength;

    private SealedSection(List<Compression.CodedPage> pages) {
        this.pages = pages;
        this.storedLength = pages.stream()
                .mapToLong(page -> LENGTH_BYTES + page.storedLength())
                .sum();
    }

    /** Packs the remaining bytes of the buffer, which must not change until the section is sealed. */
    public static SealedSection pack(Compression compression, ByteBuffer plain) {
        List<Compression.CodedPage> pages = new ArrayList<>(pageCount(plain.remaining()));
        int end = plain.limit();
        int from = plain.position();
        do {
            int to = Math.min(end, from + SECTION_PAGE_BYTES);
            pages.add(compression.pack(plain.duplicate().position(from).limit(to)));
            from = to;
        } while (from < end);
        return new SealedSection(pages);
    }

    /** Returns the bytes that {@link #seal} writes. */
    public long storedLength() {
        return storedLength;
    }

    /** Seals page by page into the buffer. */
    public void seal(ObjectCipher cipher, Position.Domain domain, ByteBuffer to) {
        for (int i = 0; i < pages.size(); i++) {
            Position position = new Position(domain, 0, i, i == pages.size() - 1);
            to.putInt(pages.get(i).storedLength());
            cipher.seal(position, pages.get(i), to);
        }
    }

    /** Opens a whole section, which must take all of {@code stored}; refuses more than {@code plainMax} plain bytes. */
    public static ByteBuffer open(ObjectCipher cipher, Position.Domain domain, SectionBytes section)
            throws CorruptObjectException {
        ByteBuffer stored = section.stored().duplicate();
        Reader reader = new Reader(cipher, domain);
        ByteWriter plain = new ByteWriter(Math.min(section.plainMax(), SECTION_PAGE_BYTES));
        while (stored.hasRemaining()) {
            ByteBuffer page = reader.next(stored);
            if (plain.length() + (long) page.remaining() > section.plainMax()) {
                throw reader.corrupt("more bytes than are allowed here");
            }
            plain.bytes(page);
        }
        reader.end();
        return plain.toBuffer();
    }

    private static int pageCount(int bytes) {
        return Math.max(1, (bytes + SECTION_PAGE_BYTES - 1) / SECTION_PAGE_BYTES);
    }

    /**
     * The stored bytes of a section.
     *
     * @param plainMax maximum plain bytes that the caller accepts
     */
    public record SectionBytes(ByteBuffer stored, int plainMax) {}

    /** Opens the pages of a section one after the other. Confined to one thread. */
    public static final class Reader {
        private final ObjectCipher cipher;
        private final Position.Domain domain;
        private int page;
        private boolean ended;

        public Reader(ObjectCipher cipher, Position.Domain domain) {
            this.cipher = cipher;
            this.domain = domain;
        }

        /**
         * Opens the next page. It is the last page exactly if the section's stored bytes end with it.
         *
         * @param stored the rest of the section, to its end; advances
         */
        public ByteBuffer next(ByteBuffer stored) throws CorruptObjectException {
            return next(stored, stored.remaining());
        }

        /** Opens the next page from a buffer with only the first of {@code sectionLeft} stored bytes. */
        public ByteBuffer next(ByteBuffer stored, long sectionLeft) throws CorruptObjectException {
            if (stored.remaining() < LENGTH_BYTES) {
                throw corrupt("the section ends within a page");
            }
            int length = stored.getInt();
            if (length < 0 || length > stored.remaining() || length > STORED_PAGE_BYTES_MAX) {
                throw corrupt("impossible length of a page");
            }
            boolean last = sectionLeft == LENGTH_BYTES + length;
            ByteBuffer piece = stored.slice(stored.position(), length);
            stored.position(stored.position() + length);
            ByteBuffer plain = ByteBuffer.allocate(SECTION_PAGE_BYTES);
            cipher.open(new Position(domain, 0, page, last), piece, plain);
            if (!last && plain.hasRemaining()) {
                throw corrupt("a page is short");
            }
            page++;
            ended = last;
            return plain.flip();
        }

        /** Checks that the last page was seen. */
        public void end() throws CorruptObjectException {
            if (!ended) {
                throw corrupt("the section has no last page");
            }
        }

        CorruptObjectException corrupt(String problem) {
            return cipher.corrupt(new Position(domain, 0, page, false), problem);
        }
    }
}
