// SPDX-License-Identifier: Apache-2.0
// 300 connections at a server that may open 64 descriptors: it turns most away, lives, and answers
// afterwards.
#include "core/rpc/client.h"
#include "core/rpc/unix_server.h"

#include "tests/rpc/fakes.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace orrery;
using orrery::test::waitFor;

class TestDescriptorLimit : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void survivesMoreConnectionsThanDescriptors();
    void keepsServingItsClientMeanwhile();

private:
    struct Small {
        QTemporaryDir folder;
        QProcess process;
        std::string socket;
        bool start()
        {
            socket = folder.filePath(QStringLiteral("s")).toStdString();
            auto environment = QProcessEnvironment::systemEnvironment();
            environment.insert(QStringLiteral("ORRERY_SMALL_SERVER_PIPE"), QStringLiteral("1"));
            process.setProcessEnvironment(environment);
            process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
            process.start(QStringLiteral(ORRERY_SMALL_SERVER),
                          {QString::fromStdString(socket), QStringLiteral("64")});
            return process.waitForStarted() &&
                   waitFor([&] { return probeSocket(socket) == SocketProbe::Listening; });
        }
        ~Small()
        {
            process.closeWriteChannel();
            process.waitForFinished(60'000);
        }
    };
    static std::vector<FileDescriptor> connectMany(const std::string &path, int count)
    {
        std::vector<FileDescriptor> sockets;
        for (int i = 0; i < count; ++i) {
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            std::memcpy(address.sun_path, path.data(), path.size());
            FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const timeval patience{60, 0};
            ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
            if (::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) == 0)
                sockets.push_back(std::move(socket));
        }
        return sockets;
    }
};

void TestDescriptorLimit::survivesMoreConnectionsThanDescriptors()
{
    Small small;
    QVERIFY(small.start());
    {
        const std::vector<FileDescriptor> sockets = connectMany(small.socket, 300);
        QCOMPARE(sockets.size(), size_t{300});
        // Those beyond the limit are closed, not left hanging.
        const timeval patience{5, 0};
        ::setsockopt(sockets.back().get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        char bytes[64];
        QVERIFY(waitFor([&] { return ::read(sockets.back().get(), bytes, sizeof(bytes)) == 0; }));
    }
    QCOMPARE(small.process.state(), QProcess::Running);
    QVERIFY(waitFor([&] {
        const auto client = test::connectTo(small.socket);
        return client.ok() && client->host().ok();
    }));
}

void TestDescriptorLimit::keepsServingItsClientMeanwhile()
{
    Small small;
    QVERIFY(small.start());
    const auto client = test::connectTo(small.socket);
    QVERIFY2(client.ok(), client.ok() ? "" : client.error().text().c_str());
    const std::vector<FileDescriptor> sockets = connectMany(small.socket, 300);
    for (int i = 0; i < 20; ++i) {
        const auto host = client->host();
        QVERIFY2(host.ok(), host.ok() ? "" : host.error().text().c_str());
        QCOMPARE(host->version, std::string("small"));
    }
}

QTEST_GUILESS_MAIN(TestDescriptorLimit)
#include "tst_descriptor_limit.moc"
