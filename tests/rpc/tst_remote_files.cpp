// SPDX-License-Identifier: Apache-2.0
// What stands behind remote hosts before anything is sent: addresses, tokens, certificates, the book of connections, and the
// protocol's number.
#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
#include "core/rpc/connections.h"
#include "core/rpc/protocol_version.h"
#include "core/rpc/tls_identity.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cerrno>
#include <cmath>
#include <fcntl.h>
#include <limits>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orrery;

namespace {

QByteArray contentOf(const std::filesystem::path &path)
{
    QFile file(QString::fromStdString(path.string()));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void put(const std::filesystem::path &path, const QByteArray &content, mode_t mode = 0600)
{
    QFile file(QString::fromStdString(path.string()));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    file.close();
    QCOMPARE(::chmod(path.c_str(), mode), 0);
}

mode_t modeOf(const std::filesystem::path &path)
{
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

void compareError(const Error &error, ErrorCode code, const char *part)
{
    QCOMPARE(error.code, code);
    QVERIFY2(error.text().find(part) != std::string::npos, error.text().c_str());
}

Connection lab()
{
    return {"lab", "tcp://gpu-server:7431", "SHA256:" + std::string(64, 'a'), "orrery_secret", {}, {}};
}

/// The certificate of a folder, signed anew with an end that is past. @return its file
std::filesystem::path expiredCopyOf(const std::filesystem::path &folder)
{
    const auto read = [&folder](const char *name) { return readFile(folder / name, 1 << 16).value(); };
    const std::string certificatePem = read("host.crt"), keyPem = read("host.key");
    BIO *from = BIO_new_mem_buf(certificatePem.data(), static_cast<int>(certificatePem.size()));
    X509 *certificate = PEM_read_bio_X509(from, nullptr, nullptr, nullptr);
    BIO *keyFrom = BIO_new_mem_buf(keyPem.data(), static_cast<int>(keyPem.size()));
    EVP_PKEY *key = PEM_read_bio_PrivateKey(keyFrom, nullptr, nullptr, nullptr);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -100);
    X509_gmtime_adj(X509_getm_notAfter(certificate), -10);
    BIO *to = BIO_new(BIO_s_mem());
    if (X509_sign(certificate, key, EVP_sha256()) == 0 || PEM_write_bio_X509(to, certificate) != 1) qFatal("OpenSSL signs nothing");
    char *data = nullptr;
    const long size = BIO_get_mem_data(to, &data);
    const std::filesystem::path file = folder / "expired.crt";
    if (!writeFileAtomically(file, std::string_view(data, static_cast<size_t>(size))).ok()) qFatal("no disk");
    for (BIO *one : {from, keyFrom, to}) BIO_free(one);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return file;
}

} // namespace

class TestRemoteFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    static void initTestCase() { ::umask(0); } // secrets are private whatever the umask
    static void readsAddresses_data();
    static void readsAddresses();
    static void tokensAreShownOnceAndKeptAsHashes();
    static void tokensOfTwoProcessesDoNotMeet();
    static void refusesTokens_data();
    static void refusesTokens();
    static void refusesATokenFileThatOthersCanRead();
    static void anotherUserReadsNoSecret_data();
    static void anotherUserReadsNoSecret();
    static void nobodyComesInWithADamagedFile();
    static void notesWhenATokenWasUsed();
    static void tokensEnd();
    static void makesACertificateOnceAndKeepsIt();
    static void refusesIdentities();
    static void comparesFingerprints();
    static void keepsConnections();
    static void refusesConnections_data();
    static void refusesConnections();
    static void refusesBooks();
    static void findsConnectionsForAnAddress();
    static void forwardsASocketWithSsh();
    static void checksTheProtocol_data();
    static void checksTheProtocol();
    static void refusesAHostOfAnotherProtocol();
};

void TestRemoteFiles::readsAddresses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected"); ///< the text again, or a part of the error behind "!"
    const auto row = [](const char *text, const char *expected) {
        QTest::newRow(text) << QString::fromLatin1(text) << QString::fromLatin1(expected);
    };
    row("tcp://gpu-server:7431", "tcp://gpu-server:7431");
    row("gpu-server:7431", "tcp://gpu-server:7431");
    row("tcp://[fd00::1]:7431", "tcp://[fd00::1]:7431");
    row("plain://127.0.0.1:7431", "plain://127.0.0.1:7431");
    row("plain://[::1]:1", "plain://[::1]:1");
    row("tcp://gpu-server", "!it has no port");
    row("tcp://gpu-server:", "!it has no port");
    row("tcp://gpu-server:70000", "!\"70000\", not 0 to 65535");
    row("tcp://gpu-server:-1", "!not 0 to 65535");
    row("tcp://gpu-server:74x1", "!not 0 to 65535");
    row("tcp://:7431", "!it names no host");
    row("tcp://fd00::1:7431", "!without its brackets");
    row("http://gpu-server:7431", "!its scheme is \"http\"");
    row("tcp://gpu server:7431", "!is not the name of a host");
    row("tcp://a/../b:7431", "!is not the name of a host");
    row("plain://gpu-server:7431", "!expected a loopback address");
    row("plain://10.0.0.1:7431", "!expected a loopback address");
    row("", "!it has no port");
}

void TestRemoteFiles::readsAddresses()
{
    QFETCH(QString, text);
    QFETCH(QString, expected);
    const auto address = parseTcpAddress(text.toStdString());
    if (!expected.startsWith(u'!')) {
        QVERIFY2(address.ok(), address.ok() ? "" : address.error().text().c_str());
        QCOMPARE(QString::fromStdString(address->text()), expected);
        return;
    }
    QVERIFY(!address.ok());
    compareError(address.error(), ErrorCode::InvalidInput, qPrintable(expected.mid(1)));
    QVERIFY(address.error().message.find('"' + text.toStdString() + '"') != std::string::npos);
}

void TestRemoteFiles::tokensAreShownOnceAndKeptAsHashes()
{
    const QTemporaryDir folder;
    AccessTokens tokens(folder.filePath(QStringLiteral("remote/tokens.json")).toStdString());
    std::set<std::string> secrets;
    for (int i = 0; i < 20; ++i) {
        const auto token = tokens.create("t" + std::to_string(i));
        QVERIFY2(token.ok(), token.ok() ? "" : token.error().text().c_str());
        QVERIFY(checkTokenText(*token, "x").ok());
        QCOMPARE(token->size(), std::string("orrery_").size() + 43); // 256 bits, six to a letter
        QVERIFY(secrets.insert(*token).second);
        QVERIFY(tokens.isValid(*token));
    }
    const QByteArray file = contentOf(tokens.file());
    for (const std::string &secret : secrets) QVERIFY(!file.contains(secret.c_str()) && !file.contains(secret.substr(7).c_str()));
    QCOMPARE(modeOf(tokens.file()), mode_t{0600});
    QCOMPARE(modeOf(tokens.file().parent_path()), mode_t{0700});
    QCOMPARE(tokens.list()->size(), size_t{20});
    QVERIFY(!tokens.isValid(""));
    QVERIFY(!tokens.isValid(secrets.begin()->substr(1)));
    QVERIFY(!tokens.isValid(*secrets.begin() + "A"));
    QCOMPARE(QDir(folder.filePath(QStringLiteral("remote"))).entryList(QDir::Files), (QStringList{QStringLiteral("tokens.json"), QStringLiteral("tokens.json.lock")}));
}

void TestRemoteFiles::tokensOfTwoProcessesDoNotMeet()
{
    const QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath(QStringLiteral("tokens.json")).toStdString();
    AccessTokens host(file), command(file);
    const std::string first = command.create("first").value();
    QVERIFY(host.isValid(first));
    const std::string second = host.create("second").value();
    QVERIFY(command.isValid(second));
    const uint64_t version = host.version();
    QCOMPARE(host.version(), version);
    QVERIFY(command.revoke("first").ok());
    QVERIFY(host.version() != version);
    QVERIFY(!host.isValid(first) && host.isValid(second));
}

void TestRemoteFiles::refusesTokens_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("part");
    const auto row = [](const char *title, const QString &name, ErrorCode code, const char *part) {
        QTest::newRow(title) << name << static_cast<int>(code) << QString::fromLatin1(part);
    };
    row("empty", {}, ErrorCode::InvalidInput, "its name is empty");
    row("too long", QString(65, u'a'), ErrorCode::InvalidInput, "has 65 bytes");
    row("a path", QStringLiteral("../x"), ErrorCode::InvalidInput, "other characters");
    row("a line break", QStringLiteral("a\nb"), ErrorCode::InvalidInput, "other characters");
    row("taken", QStringLiteral("taken"), ErrorCode::Conflict, "revoke taken");
}

void TestRemoteFiles::refusesTokens()
{
    QFETCH(QString, name);
    QFETCH(int, code);
    QFETCH(QString, part);
    const QTemporaryDir folder;
    AccessTokens tokens(folder.filePath(QStringLiteral("tokens.json")).toStdString());
    QVERIFY(tokens.create("taken").ok());
    const auto token = tokens.create(name.toStdString());
    QVERIFY(!token.ok());
    compareError(token.error(), static_cast<ErrorCode>(code), qPrintable(part));
    compareError(tokens.revoke("takne").error(), ErrorCode::NotFound, "Did you mean \"taken\"?");
}

void TestRemoteFiles::refusesATokenFileThatOthersCanRead()
{
    const QTemporaryDir folder;
    AccessTokens tokens(folder.filePath(QStringLiteral("tokens.json")).toStdString());
    const std::string token = tokens.create("a").value();
    QVERIFY(tokens.isValid(token));
    QCOMPARE(::chmod(tokens.file().c_str(), 0644), 0);
    QVERIFY(!tokens.isValid(token));
    compareError(tokens.list().error(), ErrorCode::Conflict, "others may read or write it");
    compareError(tokens.create("b").error(), ErrorCode::Conflict, "chmod 600");
    QCOMPARE(::chmod(tokens.file().c_str(), 0600), 0);
    QVERIFY(tokens.isValid(token));
    const std::filesystem::path real = tokens.file().string() + ".real";
    std::filesystem::rename(tokens.file(), real);
    std::filesystem::create_symlink(real, tokens.file());
    QVERIFY(!tokens.isValid(token));
    compareError(tokens.list().error(), ErrorCode::Conflict, "it is a link");
}

void TestRemoteFiles::anotherUserReadsNoSecret_data()
{
    QTest::addColumn<bool>("isOpened");
    QTest::newRow("folders as they are") << false;
    QTest::newRow("folders that somebody has opened to all") << true; // the files themselves are private
}

/// A process of another user, which only root can start, reads and writes none of the files that hold secrets.
void TestRemoteFiles::anotherUserReadsNoSecret()
{
    QFETCH(bool, isOpened);
    if (::geteuid() != 0) QSKIP("another user's process can only be started by root");
    constexpr uid_t kNobody = 65534;
    const QTemporaryDir folder;
    const std::filesystem::path place = folder.filePath(QStringLiteral("remote")).toStdString();
    AccessTokens tokens(place / "tokens.json");
    QVERIFY(tokens.create("window").ok());
    QVERIFY(loadOrMakeIdentity(place).ok());
    ConnectionBook book(place / "connections.json");
    QVERIFY(book.put(lab()).ok());
    if (isOpened)
        for (const std::filesystem::path &path : {std::filesystem::path(folder.path().toStdString()), place}) QCOMPARE(::chmod(path.c_str(), 0777), 0);
    const std::vector<std::string> files = {tokens.file().string(), (place / "host.key").string(), book.file().string()};
    for (const std::string &file : files) QVERIFY2(std::filesystem::exists(file), file.c_str());
    const pid_t child = ::fork();
    QVERIFY(child >= 0);
    if (child == 0) {
        if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(100);
        int numOpened = 0;
        for (const std::string &file : files)
            for (const int how : {O_RDONLY, O_WRONLY}) numOpened += ::open(file.c_str(), how) >= 0 || errno != EACCES ? 1 : 0;
        ::_exit(numOpened);
    }
    int status = 0;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QCOMPARE(WEXITSTATUS(status), 0);
}

void TestRemoteFiles::nobodyComesInWithADamagedFile()
{
    for (const char *content : {"", "{}", "[]", "{\"format\":1,\"tokens\":{}}", "{\"format\":9,\"tokens\":[]}", "{\"format\":\"1\",\"tokens\":[]}",
                                "{\"format\":1,\"tokens\":[{\"name\":\"a\"}]}", "{\"format\":1,\"tokens\":[{\"name\":\"a\",\"sha256\":\"00\"}]}",
                                "{\"format\":1,\"tokens\":[1]}"}) {
        const QTemporaryDir folder;
        AccessTokens tokens(folder.filePath(QStringLiteral("tokens.json")).toStdString());
        const std::string token = tokens.create("a").value();
        put(tokens.file(), content);
        QVERIFY(!tokens.isValid(token));
        compareError(tokens.list().error(), ErrorCode::InvalidInput, "Nobody can come in with it");
        QVERIFY(!tokens.create("b").ok()); // and it is not written over
        QCOMPARE(contentOf(tokens.file()), QByteArray(content));
    }
}

void TestRemoteFiles::notesWhenATokenWasUsed()
{
    const QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath(QStringLiteral("tokens.json")).toStdString();
    AccessTokens host(file);
    const std::string token = host.create("a").value();
    QCOMPARE(host.list()->front().lastUsedAt, 0.0);
    QVERIFY(host.list()->front().createdAt > 1e9);
    QVERIFY(host.isValid(token));
    host.saveUses(true);
    QVERIFY(AccessTokens(file).list()->front().lastUsedAt > 1e9);
    // What was revoked meanwhile does not come back with it.
    QVERIFY(host.isValid(token));
    QVERIFY(AccessTokens(file).revoke("a").ok());
    host.saveUses(true);
    QVERIFY(host.list()->empty());
}

void TestRemoteFiles::tokensEnd()
{
    const QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath(QStringLiteral("tokens.json")).toStdString();
    AccessTokens host(file);
    const std::string lasting = host.create("lasting").value();
    const std::string brief = host.create("brief", 2.0).value();
    QVERIFY(host.isValid(brief));
    QVERIFY(std::abs(host.list()->front().expiresAt - host.list()->front().createdAt - 2.0) < 0.01);
    host.saveUses(true); // which keeps the end
    const uint64_t before = host.version();
    QVERIFY(QTest::qWaitFor([&] { return !host.isValid(brief); }, 60'000));
    QVERIFY(host.version() > before); // streams under way look again
    QCOMPARE(host.version(), before + 1);
    QVERIFY(host.isValid(lasting));
    QVERIFY(AccessTokens(file).list()->front().isExpired(wallSeconds()));
    QVERIFY(!AccessTokens(file).isValid(brief)); // also for who reads the file anew
    for (const double wrong : {-1.0, 1e12, std::numeric_limits<double>::quiet_NaN()}) {
        const auto refused = host.create("other", wrong);
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
        QVERIFY2(refused.error().message.find("expected 0 (no end) to 3650 days") != std::string::npos, refused.error().message.c_str());
    }
    // An end that is none lets nobody in.
    auto text = readFile(file, 1 << 20).value();
    const size_t at = text.find("\"expires_at\": ") + 14;
    text.replace(at, text.find_first_of(",\n", at) - at, "\"never\"");
    QVERIFY(writeFileAtomically(file, text).ok());
    ::chmod(file.c_str(), 0600);
    QVERIFY(!AccessTokens(file).isValid(lasting));
    const auto damaged = AccessTokens(file).list();
    QVERIFY2(!damaged.ok() && damaged.error().message.find("the end of \"brief\" is no time") != std::string::npos, "damage is told");
}

void TestRemoteFiles::makesACertificateOnceAndKeepsIt()
{
    const QTemporaryDir folder;
    const std::filesystem::path place = folder.filePath(QStringLiteral("remote")).toStdString();
    const auto first = loadOrMakeIdentity(place);
    QVERIFY2(first.ok(), first.ok() ? "" : first.error().text().c_str());
    QCOMPARE(modeOf(place), mode_t{0700});
    QCOMPARE(modeOf(place / "host.key"), mode_t{0600});
    QCOMPARE(modeOf(place / "host.crt"), mode_t{0600});
    QCOMPARE(first->fingerprint.size(), std::string("SHA256:").size() + 64 + 31);
    QCOMPARE(certificateFingerprint(first->certificatePem).value(), first->fingerprint);
    QCOMPARE(certificateName(first->certificatePem).value(), std::string("orrery-host"));
    QCOMPARE(loadOrMakeIdentity(place)->fingerprint, first->fingerprint);
    const QTemporaryDir another;
    QVERIFY(loadOrMakeIdentity(another.path().toStdString())->fingerprint != first->fingerprint);
    // As somebody else reads it.
    QProcess openssl;
    openssl.start(QStringLiteral("openssl"), {QStringLiteral("x509"), QStringLiteral("-noout"), QStringLiteral("-text"), QStringLiteral("-in"),
                                              QString::fromStdString((place / "host.crt").string())});
    if (!openssl.waitForFinished()) QSKIP("there is no openssl program here");
    const QString text = QString::fromUtf8(openssl.readAllStandardOutput());
    for (const char *part : {"ecdsa-with-SHA256", "prime256v1", "CA:FALSE", "DNS:orrery-host", "TLS Web Server Authentication"})
        QVERIFY2(text.contains(QLatin1String(part)), qPrintable(text));
}

void TestRemoteFiles::refusesIdentities()
{
    const QTemporaryDir folder, other;
    const std::filesystem::path place = folder.path().toStdString();
    const std::filesystem::path foreign = other.path().toStdString();
    QVERIFY(loadOrMakeIdentity(place).ok() && loadOrMakeIdentity(foreign).ok());
    compareError(loadIdentity(place / "host.crt", foreign / "host.key").error(), ErrorCode::InvalidInput, "it is not the key of the certificate");
    compareError(loadIdentity(place / "host.key", place / "host.key").error(), ErrorCode::InvalidInput, "there is no certificate in it");
    compareError(loadIdentity(place / "host.crt", place / "host.crt").error(), ErrorCode::InvalidInput, "there is no private key in it");
    compareError(loadIdentity(place / "none.crt", place / "host.key").error(), ErrorCode::NotFound, "none.crt");
    compareError(loadIdentity(expiredCopyOf(place), place / "host.key").error(), ErrorCode::InvalidInput, "it has expired");
    QCOMPARE(::chmod((place / "host.key").c_str(), 0640), 0);
    compareError(loadOrMakeIdentity(place).error(), ErrorCode::Conflict, "others may read or write it");
    std::filesystem::remove(place / "host.key");
    compareError(loadOrMakeIdentity(place).error(), ErrorCode::Conflict, "is missing, expected both or neither");
    std::filesystem::remove(place / "host.crt");
    QVERIFY(loadOrMakeIdentity(place).ok());
}

void TestRemoteFiles::comparesFingerprints()
{
    const std::string pretty = parseFingerprint(std::string(62, 'a') + "0f").value();
    QVERIFY(pretty.starts_with("SHA256:AA:AA:") && pretty.ends_with(":AA:0F"));
    QVERIFY(isSameFingerprint(pretty, "sha256:" + std::string(62, 'A') + "0F"));
    QVERIFY(!isSameFingerprint(pretty, "sha256:" + std::string(62, 'A') + "0E"));
    QVERIFY(!isSameFingerprint("", ""));
    compareError(parseFingerprint("SHA256:AA:BB").error(), ErrorCode::InvalidInput, "it has 4 characters");
    compareError(parseFingerprint(std::string(64, 'x')).error(), ErrorCode::InvalidInput, "expected 64 hexadecimal digits");
}

void TestRemoteFiles::keepsConnections()
{
    const QTemporaryDir folder;
    ConnectionBook book(folder.filePath(QStringLiteral("state/connections.json")).toStdString());
    QVERIFY(book.list()->empty());
    QVERIFY(book.put(lab()).ok());
    Connection forwarded;
    forwarded.name = "büro 2";
    forwarded.socketPath = "/tmp/lab.sock";
    forwarded.sshTarget = "ada@lab";
    QVERIFY2(book.put(forwarded).ok(), book.put(forwarded).error().text().c_str());
    QCOMPARE(modeOf(book.file()), mode_t{0600});
    QCOMPARE(book.list()->size(), size_t{2});
    QCOMPARE(book.find("lab")->token, std::string("orrery_secret"));
    QCOMPARE(book.find("büro 2")->sshTarget, std::string("ada@lab"));
    compareError(book.put(lab()).error(), ErrorCode::Conflict, "one of that name is there");
    compareError(book.find("lap").error(), ErrorCode::NotFound, "Did you mean \"lab\"?");
    Connection renamed = lab();
    renamed.name = "lab-2";
    QVERIFY(book.put(renamed, "lab").ok());
    compareError(book.put(renamed, "lab").error(), ErrorCode::NotFound, "not there any more");
    const auto removed = book.remove("lab-2");
    QVERIFY(removed.ok());
    QCOMPARE(removed->token, std::string("orrery_secret")); // so that it can be put back
    compareError(book.remove("lab-2").error(), ErrorCode::NotFound, "lab-2");
    QCOMPARE(book.list()->size(), size_t{1});
}

void TestRemoteFiles::refusesConnections_data()
{
    QTest::addColumn<QString>("field");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("part");
    const auto row = [](const char *title, const char *field, const QString &value, const char *part) {
        QTest::newRow(title) << QString::fromLatin1(field) << value << QString::fromLatin1(part);
    };
    row("no name", "name", {}, "its name has 0 bytes");
    row("a name that is an address", "name", QStringLiteral("tcp://x"), "expected a plain name");
    row("a name of two lines", "name", QStringLiteral("a\nb"), "expected a plain name");
    row("this machine's name", "name", QStringLiteral("local"), "means this machine");
    row("no address", "address", {}, "neither address nor socket");
    row("a bad address", "address", QStringLiteral("lab"), "it has no port");
    row("port 0", "address", QStringLiteral("tcp://lab:0"), "its port is 0");
    row("both", "socket", QStringLiteral("/tmp/s"), "an address and a socket");
    row("no token", "token", {}, "there is none");
    row("a token with a space", "token", QStringLiteral("orrery secret"), "a character that no token has");
    row("a token of two lines", "token", QStringLiteral("orrery\r\nx: y"), "a character that no token has");
    row("a token without end", "token", QString(300, u'a'), "it has 300 characters");
    row("no fingerprint", "fingerprint", {}, "expected the 64 hexadecimal digits");
}

void TestRemoteFiles::refusesConnections()
{
    QFETCH(QString, field);
    QFETCH(QString, value);
    QFETCH(QString, part);
    Connection connection = lab();
    const std::map<QString, std::string *> fields = {{QStringLiteral("name"), &connection.name},
                                                     {QStringLiteral("address"), &connection.address},
                                                     {QStringLiteral("socket"), &connection.socketPath},
                                                     {QStringLiteral("token"), &connection.token},
                                                     {QStringLiteral("fingerprint"), &connection.fingerprint}};
    *fields.at(field) = value.toStdString();
    const QTemporaryDir folder;
    ConnectionBook book(folder.filePath(QStringLiteral("c.json")).toStdString());
    const auto kept = book.put(connection);
    QVERIFY(!kept.ok());
    compareError(kept.error(), ErrorCode::InvalidInput, qPrintable(part));
    if (field == QStringLiteral("token") && !value.isEmpty())
        QVERIFY2(kept.error().text().find(value.toStdString()) == std::string::npos, "a token stands in a message");
    QVERIFY(!std::filesystem::exists(book.file()));
}

void TestRemoteFiles::refusesBooks()
{
    const QTemporaryDir folder;
    ConnectionBook book(folder.filePath(QStringLiteral("c.json")).toStdString());
    for (const char *content : {"", "[]", "{\"format\":1}", "{\"format\":7,\"connections\":[]}", "{\"format\":1,\"connections\":[7]}",
                                "{\"format\":1,\"connections\":[{\"name\":3}]}"}) {
        put(book.file(), content);
        compareError(book.list().error(), ErrorCode::InvalidInput, "nothing was changed in it");
        QVERIFY(!book.put(lab()).ok());
        QCOMPARE(contentOf(book.file()), QByteArray(content));
    }
    put(book.file(), "{\"format\":1,\"connections\":[]}", 0644);
    compareError(book.list().error(), ErrorCode::Conflict, "others may read or write it");
}

void TestRemoteFiles::findsConnectionsForAnAddress()
{
    const QTemporaryDir folder;
    ConnectionBook book(folder.filePath(QStringLiteral("c.json")).toStdString());
    QVERIFY(book.put(lab()).ok());
    QCOMPARE(book.resolve("lab", {})->token, std::string("orrery_secret"));
    QCOMPARE(book.resolve("lab", "orrery_other")->token, std::string("orrery_other"));
    QCOMPARE(book.resolve("tcp://gpu-server:7431", {})->fingerprint, book.find("lab")->fingerprint);
    const auto unknown = book.resolve("tcp://elsewhere:7431", "orrery_other");
    QVERIFY(unknown.ok() && unknown->fingerprint.empty());
    compareError(book.resolve("nowhere", {}).error(), ErrorCode::NotFound, "expected one of lab");
    compareError(book.resolve("http://lab:1", {}).error(), ErrorCode::InvalidInput, "its scheme");
    const HostConnectOptions options = connectOptionsFor(*book.find("lab"));
    QVERIFY(!options.mayStart && options.socketPath.empty());
    QCOMPARE(options.remote.label(), std::string("lab"));
}

void TestRemoteFiles::forwardsASocketWithSsh()
{
    Connection connection;
    connection.name = "lab";
    connection.socketPath = "/tmp/lab.sock";
    connection.sshTarget = "ada@lab";
    QVERIFY(checkConnection(connection).ok());
    const std::string command = sshForwardCommand(connection, "/run/user/7/orrery/host.sock");
    QVERIFY2(command.find("-L \"/tmp/lab.sock:/run/user/7/orrery/host.sock\" ada@lab") != std::string::npos, command.c_str());
    connection.sshTarget = "-oProxyCommand=x";
    compareError(checkConnection(connection).error(), ErrorCode::InvalidInput, "expected USER@MACHINE");
    connection.sshTarget = "ada@lab; rm -r ~";
    compareError(checkConnection(connection).error(), ErrorCode::InvalidInput, "expected USER@MACHINE");
    connection.sshTarget.clear();
    connection.socketPath = "lab.sock";
    compareError(checkConnection(connection).error(), ErrorCode::InvalidInput, "expected an absolute path");
    connection.socketPath = "/" + std::string(120, 'a');
    compareError(checkConnection(connection).error(), ErrorCode::InvalidInput, "expected 1 to 107");
}

void TestRemoteFiles::checksTheProtocol_data()
{
    QTest::addColumn<quint32>("major");
    QTest::addColumn<quint32>("minor");
    QTest::addColumn<QString>("error");
    QTest::addColumn<QString>("note");
    QTest::newRow("the same") << kProtocolMajor << kProtocolMinor << QString() << QString();
    QTest::newRow("from before it was told") << 0U << 0U << QString() << QStringLiteral("is older than this program (protocol 1.0 there");
    QTest::newRow("newer, same major") << kProtocolMajor << kProtocolMinor + 1 << QString() << QStringLiteral("is newer than this program");
    QTest::newRow("a newer protocol") << kProtocolMajor + 1 << 0U << QStringLiteral("the program here is the older side. Update Orrery on this machine.") << QString();
}

void TestRemoteFiles::checksTheProtocol()
{
    QFETCH(quint32, major);
    QFETCH(quint32, minor);
    QFETCH(QString, error);
    QFETCH(QString, note);
    HostDescription host;
    host.version = "9.9";
    host.protocolMajor = major;
    host.protocolMinor = minor;
    const auto checked = checkProtocol(host, "lab");
    QCOMPARE(checked.ok(), error.isEmpty());
    if (!checked.ok()) compareError(checked.error(), ErrorCode::Conflict, qPrintable(error));
    const auto offered = checkProtocolMinor(host, kProtocolMinor, "lab", "Cannot pin it");
    QCOMPARE(offered.ok(), major != 0 && minor >= kProtocolMinor);
    if (!offered.ok()) compareError(offered.error(), ErrorCode::Unavailable, "Cannot pin it: the host \"lab\" speaks protocol");
    const std::string said = protocolNote(host, "lab");
    QCOMPARE(said.empty(), note.isEmpty() && error.isEmpty());
    QVERIFY2(said.find(note.toStdString()) != std::string::npos, said.c_str());
}

void TestRemoteFiles::refusesAHostOfAnotherProtocol()
{
    const QTemporaryDir folder(QStringLiteral("/tmp/or-XXXXXX"));
    const QString socket = folder.filePath(QStringLiteral("h"));
    for (const auto &[protocol, part] : {std::pair{"2.0", "it speaks protocol 2, expected 1; the program here is the older side"}, {"0.0", ""}}) {
        QProcess host;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("ORRERY_SMALL_SERVER_PROTOCOL"), QLatin1String(protocol));
        environment.insert(QStringLiteral("ORRERY_SMALL_SERVER_PIPE"), QStringLiteral("1"));
        host.setProcessEnvironment(environment);
        host.start(QStringLiteral(ORRERY_SMALL_SERVER), {socket});
        QVERIFY(QTest::qWaitFor([&] { return EngineClient::connect(socket.toStdString()).ok(); }, 60'000));
        HostConnectOptions options;
        options.socketPath = socket.toStdString();
        options.engineProgram = ORRERY_SMALL_SERVER;
        options.mayStart = false;
        options.remote.name = "lab";
        const auto connected = connectOrStartHost(options);
        const bool isRefused = *part != '\0';
        QCOMPARE(!connected.ok(), isRefused);
        if (isRefused)
            compareError(connected.error(), ErrorCode::Conflict, part);
        else
            QVERIFY2(connected->note.find("\"lab\" is older than this program") != std::string::npos, connected->note.c_str());
        // What it speaks is told of one of another installation, too.
        options.engineProgram = "/bin/sh";
        const auto another = connectOrStartHost(options);
        const std::string said = another ? another->note : another.error().text();
        QVERIFY2(said.find(isRefused ? part : "\"lab\" is older than this program") != std::string::npos, said.c_str());
        QCOMPARE(said.find("belongs to another installation") != std::string::npos, !isRefused);
        host.closeWriteChannel();
        QVERIFY(host.waitForFinished(60'000));
    }
    HostConnectOptions options;
    options.socketPath = socket.toStdString();
    options.mayStart = false;
    compareError(connectOrStartHost(options).error(), ErrorCode::Unavailable, "no such socket");
}

QTEST_GUILESS_MAIN(TestRemoteFiles)
#include "tst_remote_files.moc"
