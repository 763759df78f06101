// SPDX-License-Identifier: Apache-2.0
// Who gets in over TCP: with a token that is valid now, over the certificate that was agreed on; for every method there is.
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
#include "core/rpc/client.h"
#include "core/rpc/rpc_server.h"
#include "core/rpc/tls_identity.h"
#include "tests/rpc/counting_backends.h"
#include "tests/rpc/fakes.h"
#include "tests/support/shaped_proxy.h"

#include "orrery.grpc.pb.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <csignal>

using namespace orrery;

namespace {

/// A server on a free port of this machine, with tokens and a certificate of its own.
class Served {
public:
    explicit Served(bool isPlain = false) : tokens(folder.filePath(QStringLiteral("tokens.json")).toStdString())
    {
        if (!isPlain) identity = loadOrMakeIdentity(folder.path().toStdString()).value();
        token = tokens.create("laptop").value();
        TcpServerOptions tcp;
        tcp.host = "127.0.0.1";
        tcp.certificatePem = identity.certificatePem;
        tcp.keyPem = identity.keyPem;
        tcp.tokens = &tokens;
        RpcServerOptions options;
        options.tcp = tcp;
        options.runs = &backends;
        options.host = &backends;
        options.inference = &backends;
        auto started = RpcServer::start(options);
        if (!started.ok()) qFatal("%s", started.error().text().c_str());
        server = std::move(*started);
    }
    [[nodiscard]] RemoteTarget target() const { return targetAt(server->port()); }
    [[nodiscard]] RemoteTarget targetAt(uint16_t port) const
    {
        const bool isPlain = identity.fingerprint.empty();
        return {(isPlain ? "plain://127.0.0.1:" : "tcp://127.0.0.1:") + std::to_string(port), token, identity.fingerprint, {}};
    }
    /// As a program of somebody else would make it.
    [[nodiscard]] std::shared_ptr<grpc::Channel> channel() const
    {
        const std::string address = "127.0.0.1:" + std::to_string(server->port());
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
        if (identity.fingerprint.empty())
            return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
        arguments.SetSslTargetNameOverride("orrery-host");
        return grpc::CreateCustomChannel(address, grpc::SslCredentials({identity.certificatePem, {}, {}}), arguments);
    }

    QTemporaryDir folder;
    AccessTokens tokens;
    TlsIdentity identity;
    std::string token;
    test::CountingBackends backends;
    std::unique_ptr<RpcServer> server;
};

/// Every method of every service of the protocol, and some that nobody has (yet).
std::vector<std::string> allMethods()
{
    std::vector<std::string> names;
    const google::protobuf::FileDescriptor *file = v1::Empty::descriptor()->file();
    for (int s = 0; s < file->service_count(); ++s)
        for (int m = 0; m < file->service(s)->method_count(); ++m)
            names.push_back("/" + file->service(s)->full_name() + "/" + file->service(s)->method(m)->name());
    names.insert(names.end(), {"/orrery.v1.HostService/FromTheFuture", "/orrery.v1.FutureService/Anything", "/grpc.health.v1.Health/Check",
                               "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"});
    return names;
}

/// An empty message to any method, streaming or not. @param header of "authorization"; empty: none
grpc::Status callAny(const std::shared_ptr<grpc::Channel> &channel, const std::string &method, const std::string &header)
{
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
    if (!header.empty()) context.AddMetadata("authorization", header);
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, method, &queue);
    void *tag = nullptr;
    bool ok = false;
    const auto wait = [&] { queue.Next(&tag, &ok); };
    call->StartCall(nullptr);
    wait();
    const grpc::Slice nothing;
    call->WriteLast(grpc::ByteBuffer(&nothing, 1), {}, nullptr);
    wait();
    grpc::Status status;
    call->Finish(&status, nullptr);
    wait();
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {
    }
    return status;
}

} // namespace

class TestRemoteAccess : public QObject {
    Q_OBJECT

private Q_SLOTS:
    static void initTestCase()
    {
        std::signal(SIGPIPE, SIG_IGN);
        QVERIFY(initLog(logFolder().filePath(QStringLiteral("log")).toStdString()).ok());
    }
    static void letsInWhoHasAToken_data();
    static void letsInWhoHasAToken();
    static void refusesEveryMethodWithoutAValidToken_data();
    static void refusesEveryMethodWithoutAValidToken();
    static void endsStreamsOfARevokedToken();
    static void endsStreamsOfATokenWhoseTimeIsOver();
    static void noticesARevocationByAnotherProcess();
    static void refusesAnotherCertificate();
    static void refusesWhoTakesTheHostsPlace();
    static void whatIsAskedInPassingDoesNotWaitBehindWhatFillsTheLine();
    static void exposesNothingWithoutTlsAndToken();
    static void saysThatNobodyListens();
    static void saysThatThereIsNoTls();
    static void survivesManyConnections();
    static void aFloodOfWrongTokensHoldsNobodyUp();
    static void keepsSecretsOutOfTheLog();

private:
    static QTemporaryDir &logFolder()
    {
        static QTemporaryDir folder;
        return folder;
    }
    static QStringList &secrets()
    {
        static QStringList list;
        return list;
    }
};

void TestRemoteAccess::letsInWhoHasAToken_data()
{
    QTest::addColumn<bool>("isPlain");
    QTest::newRow("TLS") << false;
    QTest::newRow("plain, on this machine") << true;
}

void TestRemoteAccess::letsInWhoHasAToken()
{
    QFETCH(bool, isPlain);
    const Served served(isPlain);
    const auto client = EngineClient::connectRemote(served.target(), std::chrono::minutes(1));
    QVERIFY2(client.ok(), client.ok() ? "" : client.error().text().c_str());
    const auto host = client->host();
    QVERIFY2(host.ok(), host.ok() ? "" : host.error().text().c_str());
    QCOMPARE(host->version, std::string("counting"));
    const auto roundTrip = client->ping();
    QVERIFY(roundTrip.ok() && *roundTrip > 0);
    // The engine's own errors come through as they do over a socket.
    const auto status = client->status("alpha");
    QCOMPARE(status.error().code, ErrorCode::Conflict);
    QCOMPARE(status.error().hint, std::string("Ask a real host."));
}

void TestRemoteAccess::refusesEveryMethodWithoutAValidToken_data()
{
    QTest::addColumn<bool>("isPlain");
    QTest::addColumn<QString>("header");
    for (const bool isPlain : {false, true}) {
        const QString prefix = isPlain ? QStringLiteral("plain, ") : QStringLiteral("TLS, ");
        const auto add = [&](const char *name, const char *header) {
            QTest::newRow(qPrintable(prefix + QLatin1String(name))) << isPlain << QString::fromLatin1(header);
        };
        add("no token", "");
        add("a wrong one", "Bearer orrery_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        add("a revoked one", "revoked");
        add("the right one twice", "twice");
        add("another scheme", "Basic b3JyZXJ5Om9ycmVyeQ==");
        add("an empty one", "Bearer ");
    }
}

void TestRemoteAccess::refusesEveryMethodWithoutAValidToken()
{
    QFETCH(bool, isPlain);
    QFETCH(QString, header);
    Served served(isPlain);
    std::string given = header.toStdString();
    if (header == QStringLiteral("revoked")) {
        const std::string token = served.tokens.create("old").value();
        secrets() << QString::fromStdString(token);
        QVERIFY(served.tokens.revoke("old").ok());
        given = "Bearer " + token;
    } else if (header == QStringLiteral("twice")) {
        given = "Bearer " + served.token + " " + served.token;
    }
    secrets() << QString::fromStdString(served.token);
    const auto channel = served.channel();
    std::vector<std::thread> calls; // each is held back for a while
    std::mutex mutex;
    QStringList letIn;
    for (const std::string &method : allMethods())
        calls.emplace_back([&, method] {
            const grpc::Status status = callAny(channel, method, given);
            if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) return;
            const std::lock_guard lock(mutex);
            letIn << QString::fromStdString(method + ": " + std::to_string(status.error_code()) + " " + status.error_message());
        });
    for (std::thread &call : calls) call.join();
    QVERIFY2(letIn.isEmpty(), qPrintable(letIn.join(u'\n')));
    QVERIFY(allMethods().size() > 30);
    QCOMPARE(served.backends.numAnswered.load(), 0);
}

void TestRemoteAccess::endsStreamsOfATokenWhoseTimeIsOver()
{
    Served served;
    RemoteTarget target = served.target();
    target.token = served.tokens.create("guest", 3.0).value();
    const auto guest = EngineClient::connectRemote(target, std::chrono::minutes(1));
    QVERIFY2(guest.ok(), guest.ok() ? "" : guest.error().text().c_str());
    QVERIFY(guest->host().ok());
    const auto watched = guest->watch("", [](const WatchBatch &) { return true; });
    QVERIFY(!watched.ok());
    const auto asked = guest->host();
    QVERIFY(!asked.ok());
    QCOMPARE(asked.error().code, ErrorCode::Io); // as with any other that is refused
    QVERIFY2(asked.error().message.find("refuses the token") != std::string::npos, asked.error().message.c_str());
    QVERIFY(EngineClient::connectRemote(served.target(), std::chrono::minutes(1))->host().ok()); // the others are in
}

void TestRemoteAccess::endsStreamsOfARevokedToken()
{
    Served served;
    const std::string other = served.tokens.create("other").value();
    const auto first = EngineClient::connectRemote(served.target(), std::chrono::minutes(1));
    RemoteTarget target = served.target();
    target.token = other;
    const auto second = EngineClient::connectRemote(target, std::chrono::minutes(1));
    QVERIFY(first.ok() && second.ok());
    std::atomic<double> firstEnded{0}, secondEnded{0};
    const auto watch = [](const EngineClient &client, std::atomic<double> &ended, const CancelToken &token) {
        const auto result = client.watch("", [](const WatchBatch &) { return true; }, token);
        ended = monotonicSeconds();
        return result;
    };
    const CancelToken stop;
    std::thread firstWatch([&] { (void)watch(*first, firstEnded, stop); });
    std::thread secondWatch([&] { (void)watch(*second, secondEnded, stop); });
    QVERIFY(test::waitFor([&] { return served.backends.numWatching == 2; }));
    const double revokedAt = monotonicSeconds();
    QVERIFY(served.tokens.revoke("laptop").ok());
    QVERIFY(test::waitFor([&] { return firstEnded > 0; }));
    QVERIFY2(firstEnded - revokedAt < 2.0, qPrintable(QString::number(firstEnded - revokedAt)));
    const auto asked = first->host(); // and it stays out
    QVERIFY(!asked.ok());
    QCOMPARE(asked.error().code, ErrorCode::Io);
    QVERIFY2(asked.error().message.find("refuses the token") != std::string::npos, asked.error().message.c_str());
    QVERIFY2(asked.error().hint.find("token create") != std::string::npos, asked.error().hint.c_str());
    QVERIFY(second->host().ok()); // another one is not disturbed
    QCOMPARE(secondEnded.load(), 0.0);
    QVERIFY(test::waitFor([&] { return served.backends.numWatching == 1; }));
    stop.cancel();
    firstWatch.join();
    secondWatch.join();
}

void TestRemoteAccess::noticesARevocationByAnotherProcess()
{
    Served served;
    const auto client = EngineClient::connectRemote(served.target(), std::chrono::minutes(1));
    QVERIFY(client.ok() && client->host().ok());
    AccessTokens command(served.tokens.file()); // what `host token revoke` has
    QVERIFY(command.revoke("laptop").ok());
    QCOMPARE(client->host().error().code, ErrorCode::Io);
}

void TestRemoteAccess::refusesAnotherCertificate()
{
    const Served served;
    RemoteTarget target = served.target();
    target.name = "lab";
    target.fingerprint = "SHA256:" + std::string(64, '0');
    const auto changed = EngineClient::connectRemote(target, std::chrono::minutes(1));
    QVERIFY(!changed.ok());
    QCOMPARE(changed.error().code, ErrorCode::Conflict);
    QVERIFY2(changed.error().message.find("\"lab\"") != std::string::npos, changed.error().message.c_str());
    QVERIFY(changed.error().message.find("has changed") != std::string::npos);
    QVERIFY(changed.error().message.find(served.identity.fingerprint) != std::string::npos);
    QVERIFY(changed.error().message.find(target.fingerprint) != std::string::npos);
    target.fingerprint.clear();
    const auto unknown = EngineClient::connectRemote(target, std::chrono::minutes(1));
    QCOMPARE(unknown.error().code, ErrorCode::Conflict);
    QVERIFY2(unknown.error().message.find("not known here yet") != std::string::npos, unknown.error().message.c_str());
    QVERIFY(unknown.error().message.find(served.identity.fingerprint) != std::string::npos);
    QCOMPARE(served.backends.numAnswered.load(), 0);
    // The same fingerprint in another hand.
    QString written = QString::fromStdString(served.identity.fingerprint.substr(7)).remove(u':').toLower();
    target.fingerprint = written.toStdString();
    QVERIFY(EngineClient::connectRemote(target, std::chrono::minutes(1)).ok());
}

void TestRemoteAccess::refusesWhoTakesTheHostsPlace()
{
    // Between the look at the certificate and the call somebody else takes the port: he has another key, and the token is not
    // said to him.
    const Served honest;
    const Served other;
    test::ShapedProxy proxy(honest.server->port(), {});
    std::atomic<bool> isDone{false};
    std::thread thief([&] {
        while (!isDone && proxy.numConnections() < 1) std::this_thread::yield();
        proxy.setTarget(other.server->port());
    });
    const auto client = EngineClient::connectRemote(honest.targetAt(proxy.port()), std::chrono::seconds(2));
    isDone = true;
    thief.join();
    QVERIFY(proxy.numConnections() >= 2);
    QVERIFY(!client.ok());
    QCOMPARE(client.error().code, ErrorCode::Unavailable);
    QCOMPARE(other.backends.numAnswered.load(), 0);
}

void TestRemoteAccess::whatIsAskedInPassingDoesNotWaitBehindWhatFillsTheLine()
{
    Served served;
    test::ShapedProxy proxy(served.server->port(), {});
    auto client = EngineClient::connectRemote(served.targetAt(proxy.port()), std::chrono::minutes(1));
    QVERIFY2(client.ok(), client.ok() ? "" : client.error().text().c_str());
    constexpr int kReads = 2, kQuick = 3; // the first one looked at the certificate
    const auto isAnswered = [](const auto &result) { return !result.ok() && result.error().code == ErrorCode::Conflict; };
    const auto pauses = [&] { return isAnswered(client->control("run", {ControlVerb::Pause, 1, {}})); };
    // Who asks for nothing but a pause has one connection, as before.
    QVERIFY(pauses());
    QCOMPARE(proxy.numConnections(), kReads);
    // Who stays asks for the round trip, which begins another one; that it serves is seen when the first one is silent.
    QVERIFY(test::waitFor([&] { return client->ping().ok() && proxy.numConnections() == kQuick; }));
    client->setDeadline(std::chrono::milliseconds(300));
    proxy.hold(kReads);
    QVERIFY(test::waitFor(pauses));
    QVERIFY(!isAnswered(client->status("run")));
    client->setDeadline(std::chrono::minutes(1));
    QVERIFY(pauses());
    QVERIFY(isAnswered(client->editRun("run", {})));
    QVERIFY(isAnswered(client->annotate("run", 1, "a note")));
    QVERIFY(client->ping().ok());
    // It has the token and the certificate of the other one, and where it is lost that one serves.
    proxy.cut();
    QVERIFY(test::waitFor([&] { return !client->ping().ok(); }));
    proxy.mend();
    proxy.hold(0);
    QVERIFY(test::waitFor(pauses));
    QVERIFY(isAnswered(client->status("run")));
    QVERIFY(served.tokens.revoke("laptop").ok());
    QVERIFY(!client->ping().ok());
    QVERIFY(!pauses());
}

void TestRemoteAccess::exposesNothingWithoutTlsAndToken()
{
    const QTemporaryDir folder;
    AccessTokens tokens(folder.filePath(QStringLiteral("tokens.json")).toStdString());
    test::CountingBackends backends;
    RpcServerOptions options;
    options.host = &backends;
    options.tcp = TcpServerOptions{"0.0.0.0", 0, {}, {}, &tokens};
    const auto plain = RpcServer::start(options);
    QVERIFY(!plain.ok());
    QCOMPARE(plain.error().code, ErrorCode::InvalidInput);
    QVERIFY2(plain.error().message.find("expected TLS or a loopback address") != std::string::npos, plain.error().message.c_str());
    QVERIFY2(plain.error().hint.find("--plain") != std::string::npos, plain.error().hint.c_str());
    const TlsIdentity identity = loadOrMakeIdentity(folder.path().toStdString()).value();
    options.tcp->certificatePem = identity.certificatePem;
    options.tcp->keyPem = identity.keyPem;
    const auto open = RpcServer::start(options);
    QVERIFY(!open.ok());
    QCOMPARE(open.error().code, ErrorCode::InvalidInput);
    QVERIFY2(open.error().message.find("there is no token") != std::string::npos, open.error().message.c_str());
    QVERIFY2(open.error().hint.find("token create") != std::string::npos, open.error().hint.c_str());
    // On a loopback address nobody is let in either, but it may listen: a token can be made later.
    options.tcp->host = "127.0.0.1";
    const auto local = RpcServer::start(options);
    QVERIFY2(local.ok(), local.ok() ? "" : local.error().text().c_str());
    // And the port is its own.
    options.tcp->port = (*local)->port();
    const auto taken = RpcServer::start(options);
    QCOMPARE(taken.error().code, ErrorCode::Conflict);
    options.tcp->host = "203.0.113.7"; // an address for documentation, nobody's
    QVERIFY(tokens.create("a").ok());
    QCOMPARE(RpcServer::start(options).error().code, ErrorCode::InvalidInput);
}

void TestRemoteAccess::saysThatNobodyListens()
{
    uint16_t port = 0;
    {
        const Served served;
        port = served.server->port();
    }
    RemoteTarget target{"tcp://127.0.0.1:" + std::to_string(port), "orrery_x", "SHA256:" + std::string(64, '0'), "lab"};
    const auto client = EngineClient::connectRemote(target, std::chrono::minutes(1));
    QCOMPARE(client.error().code, ErrorCode::Unavailable);
    QVERIFY2(client.error().message.find("nobody listens") != std::string::npos, client.error().message.c_str());
    target.address = "tcp://no-such-machine.invalid:7431";
    const auto unknown = EngineClient::connectRemote(target, std::chrono::minutes(1));
    QCOMPARE(unknown.error().code, ErrorCode::Unavailable);
    QVERIFY2(unknown.error().message.find("is not known") != std::string::npos, unknown.error().message.c_str());
    // A cancelled attempt ends at once, also one that nobody answers.
    const CancelToken cancelled;
    cancelled.cancel();
    target.address = "tcp://127.0.0.1:" + std::to_string(port);
    const auto ended = EngineClient::connectRemote(target, std::chrono::minutes(1), cancelled);
    QVERIFY(!ended.ok());
}

void TestRemoteAccess::saysThatThereIsNoTls()
{
    const Served served(true);
    RemoteTarget target = served.target();
    target.address = "tcp://127.0.0.1:" + std::to_string(served.server->port());
    target.fingerprint = "SHA256:" + std::string(64, '0');
    const auto client = EngineClient::connectRemote(target, std::chrono::seconds(5));
    QVERIFY(!client.ok());
    QCOMPARE(client.error().code, ErrorCode::Unavailable);
    QVERIFY2(client.error().message.find("expected TLS") != std::string::npos, client.error().message.c_str());
}

void TestRemoteAccess::survivesManyConnections()
{
    const Served served;
    // More than one address may open in a minute: they are closed, and who is in stays in.
    const auto client = EngineClient::connectRemote(served.target(), std::chrono::minutes(1));
    QVERIFY(client.ok());
    std::vector<FileDescriptor> idle;
    for (int i = 0; i < 200; ++i) {
        idle.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(served.server->port());
        QCOMPARE(::connect(idle.back().get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)), 0);
    }
    int numClosed = 0;
    QVERIFY(test::waitFor([&] {
        numClosed = 0;
        for (const FileDescriptor &one : idle) {
            char byte = 0;
            if (::recv(one.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0) ++numClosed;
        }
        return numClosed >= 70;
    }));
    QVERIFY(client->host().ok());
}

void TestRemoteAccess::aFloodOfWrongTokensHoldsNobodyUp()
{
    const Served served;
    const auto client = EngineClient::connectRemote(served.target(), std::chrono::minutes(1));
    QVERIFY(client.ok());
    std::atomic<bool> isDone{false};
    std::atomic<int> numRefused{0};
    std::vector<std::thread> guessers;
    for (int i = 0; i < 8; ++i)
        guessers.emplace_back([&] {
            for (const auto channel = served.channel(); !isDone;)
                if (callAny(channel, "/orrery.v1.HostService/GetHost", "Bearer orrery_guess").error_code() == grpc::StatusCode::UNAUTHENTICATED)
                    ++numRefused;
        });
    QVERIFY(test::waitFor([&] { return numRefused > 100; }));
    std::vector<double> times;
    for (int i = 0; i < 21; ++i) {
        const auto roundTrip = client->ping();
        QVERIFY2(roundTrip.ok(), roundTrip.ok() ? "" : roundTrip.error().text().c_str());
        times.push_back(*roundTrip);
    }
    isDone = true;
    for (std::thread &guesser : guessers) guesser.join();
    std::sort(times.begin(), times.end());
    qInfo("a round trip beside the flood: median %.0f ms, longest %.0f ms", times[10] * 1e3, times.back() * 1e3);
    QVERIFY2(times[10] < 1.0, qPrintable(QString::number(times[10])));
    // One who tries one after the other waits each time.
    const double begin = monotonicSeconds();
    for (int i = 0; i < 3; ++i) (void)callAny(served.channel(), "/orrery.v1.HostService/GetHost", "Bearer orrery_guess");
    QVERIFY(monotonicSeconds() - begin > 0.5);
}

void TestRemoteAccess::keepsSecretsOutOfTheLog()
{
    flushLog();
    QFile file(QString::fromStdString(logPath().string()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString text = QString::fromUtf8(file.readAll());
    QVERIFY2(text.contains(QStringLiteral("over TCP")), qPrintable(text)); // refusals are told
    QVERIFY(secrets().size() > 5);
    for (const QString &secret : secrets()) QVERIFY(!text.contains(secret) && !text.contains(secret.mid(7)));
}

QTEST_APPLESS_MAIN(TestRemoteAccess)
#include "tst_remote_access.moc"
