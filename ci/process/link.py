"""A wire between two servers that a test can cut: a TCP relay to a port of this machine."""

import socket
import struct
import threading

from harness import HOST


class Link:
    """Replicas connect to `port`. cut() resets what is connected; while `broken`, nobody gets through."""

    def __init__(self, target_port):
        self._target, self._pairs, self._lock, self.broken = target_port, [], threading.Lock(), False
        self.accepted = 0
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, broken=False):
        self.broken = broken
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _reset(end)

    def mend(self):
        self.broken = False

    def close(self):
        # A thread that sits in accept() keeps the socket open; shutdown wakes it.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self.cut(broken=True)

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.broken:
                _reset(near)
                continue
            try:
                far = socket.create_connection((HOST, self._target), 5)
            except OSError:
                _reset(near)
                continue
            far.settimeout(None)
            self.accepted += 1
            with self._lock:
                self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _reset(end):
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
