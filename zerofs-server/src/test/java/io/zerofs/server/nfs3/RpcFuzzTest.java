// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.netty.buffer.ByteBufUtil;
import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.core.random.Mutations;
import io.zerofs.server.client.RpcClient;
import io.zerofs.server.fuzz.FuzzConnection;
import io.zerofs.server.fuzz.FuzzVolume;
import io.zerofs.server.nfs3.wire.Nfs3Limits;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.rpc.DuplicateRequestCache;
import io.zerofs.server.rpc.RpcConnection;
import io.zerofs.server.rpc.RpcDispatcher;
import java.io.ByteArrayOutputStream;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Connections that send anything in place of RPC, NFS and MOUNT calls. */
final class RpcFuzzTest {
    private static final int ROUNDS = 40_000;
    private static final int NFS = 100_003;
    private static final int MOUNT = 100_005;

    /** In an input these bytes mean a handle of {@link FuzzVolume#inodes}: a mark and the number of the inode. */
    private static final byte[] HANDLE_MARK = {(byte) 0xfe, 'h', 'a', 'n', 'd', 'l', 'e'};

    private static FuzzVolume volume;
    private static RpcDispatcher dispatcher;
    private static FileHandles handles;

    @Test
    void anyCallsAreAnsweredOrRefusedAndDisturbNoOther() throws Exception {
        GoldenBytes golden = GoldenBytes.load("nfs3.hex");
        List<byte[]> samples = new ArrayList<>();
        for (String name : golden.names()) {
            if (name.contains("call")) {
                Nfs3Procedure procedure = Nfs3Procedure.valueOf(name.substring(0, name.indexOf(' ')));
                for (int inode = 0; inode < 3; inode++) {
                    samples.add(call(procedure.number(), withHandleMark(golden.get(name), inode)));
                }
            }
        }
        samples.add(call(64, new byte[] {0, 0, 0, 1, '/', 0, 0, 0}));
        samples.add(call(65, new byte[0]));
        samples.add(raw(1, 0));
        samples.add(raw(2, Nfs3Procedure.FSINFO.number()));
        Mutations.run(samples, ROUNDS, RpcFuzzTest::fuzzerTestOneInput);
    }

    /** The golden calls begin with a handle of some length. */
    private static byte[] withHandleMark(byte[] arguments, int inode) {
        int handleBytes = arguments[3];
        byte[] handle = Arrays.copyOf(HANDLE_MARK, FileHandles.BYTES);
        handle[HANDLE_MARK.length] = (byte) inode;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(new byte[] {0, 0, 0, FileHandles.BYTES});
        bytes.writeBytes(handle);
        int rest = 4 + (handleBytes + 3) / 4 * 4;
        bytes.write(arguments, rest, arguments.length - rest);
        return bytes.toByteArray();
    }

    private static byte[] call(int procedure, byte[] arguments) {
        byte[] sample = new byte[1 + arguments.length];
        sample[0] = (byte) procedure;
        System.arraycopy(arguments, 0, sample, 1, arguments.length);
        return sample;
    }

    /** Whole records, header and all. */
    private static byte[] raw(int xid, int procedure) {
        byte[] record =
                record(xid, NFS, procedure, withHandleMark(HexFormat.of().parseHex("0000000000000000"), 0));
        return call(-1, record);
    }

    private static byte[] record(int xid, int program, int procedure, byte[] arguments) {
        return ByteBufUtil.getBytes(RpcClient.encode(
                xid,
                new RpcClient.Header(program, 3, procedure, 0, 0),
                out -> out.buffer().writeBytes(arguments)));
    }

    /** The first byte is a procedure of NFS, of MOUNT from 64 on, or from 128 on says that raw bytes follow. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        if (input.length == 0) {
            return;
        }
        nextVolume();
        byte[] bytes = withHandles(Arrays.copyOfRange(input, 1, input.length));
        FuzzConnection connection =
                new FuzzConnection(each -> new RpcConnection(each, dispatcher, Nfs3Limits.RECORD_BYTES_MAX));
        int procedure = input[0];
        Mutations.bounded(
                bytes.length,
                () -> connection.feed(
                        procedure < 0 ? bytes : record(9, procedure < 64 ? NFS : MOUNT, procedure % 64, bytes)));
        connection.end();
        FuzzConnection beside =
                new FuzzConnection(each -> new RpcConnection(each, dispatcher, Nfs3Limits.RECORD_BYTES_MAX));
        byte[] root = withHandles(withHandleMark(new byte[] {0, 0, 0, 0}, 0));
        beside.feed(record(10, NFS, Nfs3Procedure.GETATTR.number(), root));
        assertFalse(beside.isClosed());
        // XID, REPLY, accepted, verifier, SUCCESS, NFS3_OK, directory.
        byte[] reply = beside.replies().get(0);
        assertEquals(
                "0000000a0000000100000000000000000000000000000000" + "00000000" + "00000002",
                HexFormat.of().formatHex(Arrays.copyOfRange(reply, 4, 36)));
        beside.end();
    }

    private static void nextVolume() throws Exception {
        FuzzVolume next = FuzzVolume.next(volume);
        if (next != volume) {
            volume = next;
            Nfs3Export export = new Nfs3Export(volume.files(), Nfs3Settings.of(Durability.COMMIT));
            handles = export.handles();
            dispatcher = new RpcDispatcher(
                    List.of(new Nfs3Program(export), new MountProgram(export, new MountTable())),
                    new DuplicateRequestCache(DuplicateRequestCache.BYTES_MAX, InstantSource.system()));
        }
    }

    private static byte[] withHandles(byte[] bytes) {
        for (int at = 0; at + FileHandles.BYTES <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + HANDLE_MARK.length, HANDLE_MARK, 0, HANDLE_MARK.length)) {
                int inode = Math.floorMod(
                        bytes[at + HANDLE_MARK.length], volume.inodes().size());
                byte[] handle = handles.encode(volume.inodes().get(inode));
                System.arraycopy(handle, 0, bytes, at, handle.length);
            }
        }
        return bytes;
    }
}
