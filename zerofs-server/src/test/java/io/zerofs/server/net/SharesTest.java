// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The identity of clients, and their shares. */
class SharesTest {
    private static final int CAPACITY = 1_000;

    private final Clients clients = new Clients();

    private Client client(String protocol, String address) {
        clients.serve(protocol);
        return clients.arrived(protocol, new InetSocketAddress(address, 1_000));
    }

    private static int takeAll(Shares shares, Client client) {
        int taken = 0;
        while (shares.tryTake(client, 1)) {
            taken++;
        }
        return taken;
    }

    @Test
    void unusedSharesAreLentExceptForARest() {
        Shares shares = new Shares(ClientResource.FIDS, CAPACITY, 0.75);
        assertEquals(750, takeAll(shares, client("9P", "10.0.0.1")));
        assertEquals(187, takeAll(shares, client("9P", "10.0.0.2")));
        assertEquals(47, takeAll(shares, client("9P", "10.0.0.3")), "three quarters of the rest each time");
    }

    @Test
    void greedyClientsThatComeTogetherHaveTheSame() {
        Shares shares = new Shares(ClientResource.LOCKS, CAPACITY, 0.75);
        List<Client> greedy = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            greedy.add(client("9P", "10.0.0." + i));
        }
        for (int round = 0; round < CAPACITY; round++) {
            greedy.forEach(each -> shares.tryTake(each, 1));
        }
        for (Client each : greedy) {
            assertEquals(96, each.used(ClientResource.LOCKS), 2, "3/31 of all");
        }
        assertTrue(takeAll(shares, client("9P", "10.0.1.1")) >= 20, "something is left for the next");
    }

    @Test
    void aClientWithNothingGetsSomethingWhileThereIsRoom() {
        Shares shares = new Shares(ClientResource.THREADS, 2, 0.75);
        assertEquals(1, takeAll(shares, client("9P", "10.0.0.1")));
        assertEquals(1, takeAll(shares, client("9P", "10.0.0.2")));
        assertEquals(Shares.Limit.ALL, shares.take(client("9P", "10.0.0.3"), 1));
    }

    @Test
    void protocolsHaveSharesOfTheCommonMemory() {
        Shares shares = new Shares(ClientResource.CONNECTIONS, CAPACITY, 0.75);
        int one = 0;
        clients.serve("9P");
        clients.serve("NFS");
        while (shares.take(clients.arrived("9P", new InetSocketAddress("127.0.0.1", 1)), 1) == Shares.Limit.NONE) {
            one++;
        }
        assertEquals(750, one, "connections from loopback are clients each, and of one protocol");
        assertEquals(187, takeAll(shares, client("NFS", "10.0.0.1")));
        assertEquals(1, clients.refused().get("NFS").get(ClientResource.CONNECTIONS));
    }

    @Test
    void aShareOfOneIsAll() {
        Shares shares = new Shares(ClientResource.FIDS, CAPACITY, 1);
        Client greedy = client("9P", "10.0.0.1");
        assertEquals(CAPACITY, takeAll(shares, greedy));
        shares.give(greedy, CAPACITY);
        assertEquals(0, shares.used());
        assertEquals(0, greedy.used(ClientResource.FIDS));
    }

    @Test
    void aClientIsAnAddressAndAProtocol() {
        Client first = client("NFS", "192.0.2.1");
        assertSame(first, client("NFS", "192.0.2.1"));
        assertNotSame(first, client("9P", "192.0.2.1"));
        assertNotSame(first, client("NFS", "192.0.2.2"));
        clients.left(first);
        assertSame(first, client("NFS", "192.0.2.1"));
        clients.left(first);
        clients.left(first);
        assertNotSame(first, client("NFS", "192.0.2.1"), "the last connection takes it along");
        assertSame(client("NFS", "2001:db8::1"), client("NFS", "2001:db8::ffff:1"), "one has a whole /64");
        assertNotSame(client("NFS", "2001:db8:0:1::1"), client("NFS", "2001:db8::1"));
        assertNotSame(client("NFS", "fe80::1"), client("NFS", "fe80::2"), "link-local ones are one each");
    }

    @Test
    void connectionsOfThisMachineAreClientsEach() {
        assertNotSame(client("NFS", "127.0.0.1"), client("NFS", "127.0.0.1"));
        assertNull(Clients.unit(new InetSocketAddress("::1", 5)));
        assertNull(Clients.unit(new DomainSocketAddress("/run/socket")));
        assertFalse(Clients.unit(new InetSocketAddress("192.0.2.1", 5)).isEmpty());
        assertEquals("2001:db8:0:f00d::/64", Clients.unit(new InetSocketAddress("2001:db8:0:f00d::1", 5)));
    }
}
