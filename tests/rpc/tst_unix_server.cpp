// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/unix_server.h"

#include "tests/rpc/fakes.h"

#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orrery;
using orrery::test::waitFor;

namespace {

FileDescriptor connectTo(const std::string &path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        return {};
    return socket;
}

} // namespace

class TestUnixServer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_path = m_folder.filePath(QString::number(++m_count) + ".sock").toStdString(); }
    void refusesLongPaths();
    void acceptsAndRemovesItsSocket();
    void isForTheUserOnly();
    void turnsForeignersAway();
    void turnsAwayAnotherUser_data();
    void turnsAwayAnotherUser();
    void replacesAStaleSocket();
    void refusesALiveSocket();
    void leavesOtherFilesAlone();
    void keepsASuccessorsSocket();

private:
    Result<std::unique_ptr<UnixAcceptor>> start()
    {
        UnixAcceptorOptions options;
        options.path = m_path;
        options.onConnection = [](int descriptor) { ::close(descriptor); };
        return UnixAcceptor::start(std::move(options));
    }

    QTemporaryDir m_folder;
    std::string m_path;
    int m_count = 0;
};

void TestUnixServer::refusesLongPaths()
{
    QVERIFY(checkSocketPath(std::string(107, 'a')).ok());
    for (const std::string &path : {std::string(108, 'a'), std::string()}) {
        const Result<void> checked = checkSocketPath(path);
        QVERIFY(!checked.ok());
        QCOMPARE(checked.error().code, ErrorCode::InvalidInput);
    }
    m_path = m_folder.filePath(QString(120, QLatin1Char('x'))).toStdString();
    const auto started = start();
    QVERIFY(!started.ok());
    QVERIFY(started.error().message.find("107") != std::string::npos);
}

void TestUnixServer::acceptsAndRemovesItsSocket()
{
    auto acceptor = start();
    QVERIFY2(acceptor.ok(), acceptor.ok() ? "" : acceptor.error().text().c_str());
    QVERIFY(connectTo(m_path).isOpen());
    QVERIFY(waitFor([&] { return (*acceptor)->numAccepted() == 1; }));
    QCOMPARE(probeSocket(m_path), SocketProbe::Listening);
    *acceptor = nullptr;
    QCOMPARE(probeSocket(m_path), SocketProbe::Missing);
}

void TestUnixServer::isForTheUserOnly()
{
    const auto acceptor = start();
    QVERIFY(acceptor.ok());
    struct stat info {};
    QCOMPARE(::stat(m_path.c_str(), &info), 0);
    QCOMPARE(static_cast<int>(info.st_mode & 0777), 0600);
}

void TestUnixServer::turnsForeignersAway()
{
    UnixAcceptorOptions options;
    options.path = m_path;
    std::atomic<int> numConnections{0};
    options.onConnection = [&](int descriptor) {
        ++numConnections;
        ::close(descriptor);
    };
    options.isAllowed = [](uid_t uid) { return uid != ::geteuid(); }; // we are the foreigner
    const auto acceptor = UnixAcceptor::start(std::move(options));
    QVERIFY(acceptor.ok());
    const FileDescriptor socket = connectTo(m_path);
    QVERIFY(socket.isOpen());
    char byte = 0;
    QCOMPARE(::read(socket.get(), &byte, 1), ssize_t{0}); // closed without a word
    QVERIFY(waitFor([&] { return (*acceptor)->numForeign() == 1; }));
    QCOMPARE(numConnections.load(), 0);
}

void TestUnixServer::turnsAwayAnotherUser_data()
{
    QTest::addColumn<bool>("isOpened");
    QTest::newRow("the socket as it is") << false; // the mode of socket and folder
    QTest::newRow("a socket that somebody has opened to all") << true; // the credentials of who connects
}

/// A process of another user, which only root can start.
void TestUnixServer::turnsAwayAnotherUser()
{
    QFETCH(bool, isOpened);
    if (::geteuid() != 0) QSKIP("another user's process can only be started by root");
    constexpr uid_t kNobody = 65534;
    constexpr int kRefused = 10, kClosed = 11, kLetIn = 12;
    QTemporaryDir folder; // whose mode may be changed
    const std::string path = folder.filePath(QStringLiteral("s")).toStdString();
    UnixAcceptorOptions options;
    options.path = path;
    std::atomic<int> numConnections{0};
    options.onConnection = [&](int descriptor) {
        ++numConnections;
        (void)!::write(descriptor, "x", 1);
        ::close(descriptor);
    };
    const auto acceptor = UnixAcceptor::start(std::move(options));
    QVERIFY(acceptor.ok());
    if (isOpened) {
        QCOMPARE(::chmod(path.c_str(), 0666), 0);
        QCOMPARE(::chmod(folder.path().toStdString().c_str(), 0755), 0);
    }
    const pid_t child = ::fork();
    QVERIFY(child >= 0);
    if (child == 0) {
        if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(1);
        const FileDescriptor socket = connectTo(path);
        if (!socket.isOpen()) ::_exit(errno == EACCES ? kRefused : 1);
        char byte = 0;
        ::_exit(::read(socket.get(), &byte, 1) == 1 ? kLetIn : kClosed);
    }
    int status = 0;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QCOMPARE(WEXITSTATUS(status), isOpened ? kClosed : kRefused);
    if (isOpened) QVERIFY(waitFor([&] { return (*acceptor)->numForeign() == 1; }));
    QCOMPARE(numConnections.load(), 0);
}

void TestUnixServer::replacesAStaleSocket()
{
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, m_path.data(), m_path.size());
        const FileDescriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        QCOMPARE(::bind(dead.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)), 0);
    }
    QCOMPARE(probeSocket(m_path), SocketProbe::Stale);
    const auto acceptor = start();
    QVERIFY(acceptor.ok());
    QVERIFY(connectTo(m_path).isOpen());
}

void TestUnixServer::refusesALiveSocket()
{
    const auto first = start();
    QVERIFY(first.ok());
    const auto second = start();
    QVERIFY(!second.ok());
    QCOMPARE(second.error().code, ErrorCode::Conflict);
    QVERIFY(second.error().message.find(m_path) != std::string::npos);
    QVERIFY(connectTo(m_path).isOpen());
}

void TestUnixServer::leavesOtherFilesAlone()
{
    QVERIFY(writeFileAtomically(m_path, "precious").ok());
    const auto acceptor = start();
    QVERIFY(!acceptor.ok());
    QCOMPARE(acceptor.error().code, ErrorCode::Conflict);
    QCOMPARE(readFile(m_path, 100).value(), std::string("precious"));
}

void TestUnixServer::keepsASuccessorsSocket()
{
    auto first = start();
    QVERIFY(first.ok());
    ::unlink(m_path.c_str());
    const auto second = start();
    QVERIFY(second.ok());
    *first = nullptr;
    QCOMPARE(probeSocket(m_path), SocketProbe::Listening);
}

QTEST_APPLESS_MAIN(TestUnixServer)
#include "tst_unix_server.moc"
