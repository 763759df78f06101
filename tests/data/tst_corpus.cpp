// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform.h"
#include "core/data/corpus_listing.h"
#include "data_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

using namespace orrery;
namespace fs = std::filesystem;

class TestCorpus : public QObject {
    Q_OBJECT

private:
    static std::string reasonOf(const CorpusDescription &description, const std::string &path)
    {
        for (const CorpusFileProblem &problem : description.skipped)
            if (problem.path == path) return problem.reason;
        return {};
    }

private Q_SLOTS:
    void probesATextFile()
    {
        const DataFixture data;
        const auto found = probeCorpus(data.write("a.txt", "Grüße\n"));
        VERIFY_OK(found);
        QCOMPARE(found->format, CorpusFormat::Text);
        QCOMPARE(found->numFiles, uint64_t(1));
        QCOMPARE(found->numBytes, uint64_t(8));
        QCOMPARE(found->firstText, std::string("Grüße\n"));
        QCOMPARE(corpusFormatName(found->format), "text");
    }

    void cutsThePreviewBetweenCharacters()
    {
        const DataFixture data;
        std::string text(399, 'x');
        QCOMPARE(probeCorpus(data.write("a.txt", text + "ü tail"))->firstText, text);
        QCOMPARE(probeCorpus(data.write("b.txt", "a\xff"
                                                 "b"))
                     ->firstText,
                 std::string("a\xef\xbf\xbd"
                             "b"));
    }

    void findsTheFormat_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("content");
        QTest::addColumn<int>("format");
        auto row = [](const char *tag, const char *name, const char *content, CorpusFormat format) {
            QTest::newRow(tag) << QString(name) << QString(content) << static_cast<int>(format);
        };
        row("jsonl text", "a.jsonl", "{\"text\":\"a\"}\n", CorpusFormat::JsonlText);
        row("ending in capitals", "a.JSONL", "{\"text\":\"a\"}\n", CorpusFormat::JsonlText);
        row("blank lines first", "a.jsonl", "\n  \n{\"text\":\"a\"}", CorpusFormat::JsonlText);
        row("byte order mark", "a.jsonl", "\xef\xbb\xbf{\"text\":\"a\"}\n", CorpusFormat::JsonlText);
        row("messages", "a.ndjson", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
            CorpusFormat::JsonlMessages);
        row("tokens", "a.jsonl", "{\"tokens\":[1,2]}", CorpusFormat::JsonlTokens);
        row(".json with records", "a.json", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n", CorpusFormat::JsonlText);
        row(".json document", "a.json", "{\n \"text\": \"a\"\n}\n", CorpusFormat::Text);
        row(".json array", "a.json", "[1,2]\n", CorpusFormat::Text);
        row("records in .txt are text", "a.txt", "{\"text\":\"a\"}\n", CorpusFormat::Text);
    }
    void findsTheFormat()
    {
        QFETCH(QString, name);
        QFETCH(QString, content);
        QFETCH(int, format);
        const DataFixture data;
        const auto found = probeCorpus(data.write(name.toStdString(), content.toStdString()));
        VERIFY_OK(found);
        QCOMPARE(static_cast<int>(found->format), format);
    }

    void listsAFolderAndNamesWhatItSkips()
    {
        const DataFixture data;
        data.write("tree/b/z.txt", "z\n");
        data.write("tree/a.txt", "a\n");
        data.write("tree/b.md", "b\n");
        data.write("tree/notes.jsonl", "no record, but text among text\n");
        data.write("tree/.git/config", "hidden\n");
        data.write("tree/.env", "hidden\n");
        data.write("tree/empty.txt", "");
        data.write("tree/image.png", std::string("PNG\0data", 8));
        data.write("outside.txt", "outside\n");
        fs::create_symlink(data.path("outside.txt"), data.path("tree/link.txt"));
        fs::create_directory_symlink(data.path("tree"), data.path("tree/b/loop"));
        ::mkfifo(data.path("tree/pipe").c_str(), 0600);

        const auto found = probeCorpus(data.path("tree"));
        VERIFY_OK(found);
        QCOMPARE(found->format, CorpusFormat::Folder);
        QCOMPARE(found->numFiles, uint64_t(4));
        QCOMPARE(found->numBytes, uint64_t(6 + 31));
        QCOMPARE(found->firstText, std::string("a\n")); // sorted by path
        QCOMPARE(reasonOf(*found, ".git"), std::string("hidden"));
        QCOMPARE(reasonOf(*found, ".env"), std::string("hidden"));
        QCOMPARE(reasonOf(*found, "empty.txt"), std::string("empty"));
        QCOMPARE(reasonOf(*found, "image.png"), std::string("binary (NUL at byte 3)"));
        QCOMPARE(reasonOf(*found, "link.txt"), std::string("symbolic link"));
        QCOMPARE(reasonOf(*found, "b/loop"), std::string("symbolic link"));
        QCOMPARE(reasonOf(*found, "pipe"), std::string("not a regular file"));
        QCOMPARE(found->numSkipped, uint64_t(7));
    }

    void listingEndsWhereItIsCancelled()
    {
        const DataFixture data;
        for (int i = 0; i < 10; ++i) data.write("tree/" + std::to_string(i), "text\n");
        // Ten entries of the folder, then ten files that are looked into.
        for (const int stopAt : {1, 7, 11, 20}) {
            int numAsked = 0;
            const auto listed = listCorpus(data.path("tree"), {}, [&]() -> Result<void> {
                if (++numAsked < stopAt) return {};
                return Error{ErrorCode::Cancelled, "Cannot go on: enough.", "Ask again."};
            });
            VERIFY_ERROR(listed, ErrorCode::Cancelled, "enough");
            QCOMPARE(numAsked, stopAt);
        }
        VERIFY_OK(listCorpus(data.path("tree"), {}, [] { return Result<void>(); }));
    }

    void keepsAHundredSkippedAndCountsAll()
    {
        const DataFixture data;
        for (int i = 0; i < 130; ++i) data.write("tree/e" + std::to_string(i), "");
        data.write("tree/a.txt", "a\n");
        const auto found = probeCorpus(data.path("tree"));
        VERIFY_OK(found);
        QCOMPARE(found->skipped.size(), size_t(100));
        QCOMPARE(found->numSkipped, uint64_t(130));
    }

    void aFolderOfJsonlIsJsonl()
    {
        const DataFixture data;
        data.write("parts/1.jsonl", "\n");
        data.write("parts/2.jsonl", "{\"text\":\"a\"}\n");
        data.write("parts/image.png", std::string(4, '\0'));
        const auto found = probeCorpus(data.path("parts"));
        VERIFY_OK(found);
        QCOMPARE(found->format, CorpusFormat::JsonlText);
    }

    void followsALinkThatIsGivenDirectly()
    {
        const DataFixture data;
        data.write("a.txt", "a\n");
        fs::create_symlink(data.path("a.txt"), data.path("link"));
        VERIFY_OK(probeCorpus(data.path("link")));
    }

    void refusesWhatIsNoText()
    {
        const DataFixture data;
        VERIFY_ERROR(probeCorpus(""), ErrorCode::InvalidInput, "data.path is empty");
        VERIFY_ERROR(probeCorpus(data.path("nothing")), ErrorCode::NotFound,
                     "nothing\": there is no such file");
        VERIFY_ERROR(probeCorpus(data.write("e", "") / "x"), ErrorCode::NotFound, "there is no such file");
        VERIFY_ERROR(probeCorpus(data.path("e")), ErrorCode::InvalidInput, "is empty");
        VERIFY_ERROR(probeCorpus(data.write("b", std::string("abc\0def", 7))), ErrorCode::InvalidInput,
                     "NUL at byte 3");
        const auto utf16 = probeCorpus(data.write("u.txt", std::string("\xff\xfe"
                                                                       "a\0",
                                                                       4)));
        VERIFY_ERROR(utf16, ErrorCode::InvalidInput, "binary");
        QVERIFY(utf16.error().hint.find("iconv") != std::string::npos);
        VERIFY_ERROR(probeCorpus("/dev/null"), ErrorCode::InvalidInput, "neither a file nor a folder");
        ::mkfifo(data.path("pipe").c_str(), 0600);
        VERIFY_ERROR(probeCorpus(data.path("pipe")), ErrorCode::InvalidInput, "neither a file nor a folder");
    }

    void refusesAFolderWithoutText()
    {
        const DataFixture data;
        fs::create_directories(data.path("tree/sub"));
        VERIFY_ERROR(probeCorpus(data.path("tree")), ErrorCode::InvalidInput, "holds no text file");
        data.write("tree/x.bin", std::string(3, '\0'));
        VERIFY_ERROR(probeCorpus(data.path("tree")), ErrorCode::InvalidInput,
                     "x.bin\": binary (NUL at byte 0)");
        fs::remove(data.path("tree/x.bin"));
        data.write("tree/x.jsonl", " \n\n");
        VERIFY_ERROR(probeCorpus(data.path("tree")), ErrorCode::InvalidInput, "there is no record");
    }

    void namesPicturesAndRecordings_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("hint");
        QTest::newRow("PNG") << QByteArray("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16) << "it is a picture (PNG)"
                             << R"(Name it in a manifest: {"image": "…"} (docs/data.md).)";
        QTest::newRow("JPEG without a NUL")
            << QByteArray("\xff\xd8\xff\xe0 and more") << "it is a picture (JPEG)"
            << R"({"image": "…"})";
        QTest::newRow("WAV") << QByteArray("RIFF\x24\0\0\0WAVEfmt ", 16) << "it is a recording (WAV)"
                             << R"(Name it in a manifest: {"audio": "…"})";
        QTest::newRow("GIF") << QByteArray("GIF89a\1\0\1\0", 10) << "it is a picture (GIF)"
                             << R"(Save it as PNG or JPEG and name it in a manifest: {"image": "…"})";
        QTest::newRow("MP3") << QByteArray("ID3\4\0\0", 6) << "it is a recording (MP3)"
                             << R"(Save it as WAV or FLAC and name it in a manifest: {"audio": "…"})";
    }
    void namesPicturesAndRecordings()
    {
        QFETCH(const QByteArray, content);
        QFETCH(const QString, what);
        QFETCH(const QString, hint);
        const DataFixture data;
        const auto refused = probeCorpus(data.write("a.txt", content.toStdString()));
        VERIFY_ERROR(refused, ErrorCode::InvalidInput,
                     qPrintable(what + ", expected text, JSONL, or a manifest that names it"));
        QVERIFY2(QString::fromStdString(refused.error().hint).contains(hint), refused.error().hint.c_str());
    }

    /// The mark of MP3 is two letters of Windows-1251 ("як"), which is read as the bytes it has.
    void takesTextThatBeginsLikeARecording()
    {
        const DataFixture data;
        VERIFY_OK(probeCorpus(data.write("a.txt", "\xff\xea \xe8 \xe2\xf1\xe5\n")));
    }

    void countsWhatAFolderOfMediaHolds()
    {
        const DataFixture data;
        const std::string png("\x89PNG\r\n\x1a\n\0", 9), wav("RIFF\x24\0\0\0WAVEfmt ", 16);
        data.write("media/a.png", png);
        VERIFY_ERROR(probeCorpus(data.path("media")), ErrorCode::InvalidInput,
                     "the folder holds no text file, but 1 picture, expected one file");
        data.write("media/sub/b.png", png);
        data.write("media/c.wav", wav);
        const auto refused = probeCorpus(data.path("media"));
        VERIFY_ERROR(refused, ErrorCode::InvalidInput,
                     "holds no text file, but 2 pictures and 1 recording, expected");
        QVERIFY2(refused.error().hint.find("A manifest lists pictures and recordings") == 0,
                 refused.error().hint.c_str());
        data.write("media/notes.txt", "what they are of\n");
        const auto found = probeCorpus(data.path("media"));
        VERIFY_OK(found);
        QCOMPARE(reasonOf(*found, "a.png"), std::string("picture (PNG)"));
        QCOMPARE(reasonOf(*found, "c.wav"), std::string("recording (WAV)"));
    }

    /// The folder of a manifest, whatever its name, is not learned as the names of its files.
    void refusesAFolderThatIsAManifests()
    {
        const DataFixture data;
        const std::string record = "{\"parts\":[{\"image\":\"p/1.png\"},{\"text\":\"a\"}]}\n";
        for (const char *name : {"own/manifest.jsonl", "own2/manifest.json"}) {
            const fs::path folder = data.write(name, record + record).parent_path();
            data.write((folder.filename() / "origin.txt").string(), "made by hand\n");
            const auto refused = probeCorpus(folder);
            VERIFY_ERROR(refused, ErrorCode::InvalidInput,
                         "most of its text is the manifest \"manifest.json");
            QCOMPARE(refused.error().hint, std::string("Choose that file: a folder is read as text."));
            // One among other texts is text like these: a folder of sources may have one.
            data.write((folder.filename() / "book.txt").string(), std::string(1000, 'a'));
            VERIFY_OK(probeCorpus(folder));
        }
    }

    /// Files that the kernel keeps from everybody: permissions do not stop root.
    void reportsWhatNobodyCanRead_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("reason");
        QTest::newRow("opens, but cannot be read") << "/proc/self/mem"
                                                   << "Input/output error";
        QTest::newRow("cannot be opened") << "/proc/sys/vm/compact_memory"
                                          << "Permission denied";
    }
    void reportsWhatNobodyCanRead()
    {
        QFETCH(const QString, path);
        QFETCH(const QString, reason);
        if (!QFile::exists(path)) QSKIP("This kernel has no such file.");
        const std::string file = path.toStdString();
        VERIFY_ERROR(probeCorpus(file), ErrorCode::Io, qPrintable(path + "\": " + reason));
        VERIFY_ERROR(DataFixture().prepare(DataFixture::spec(file)), ErrorCode::Io, qPrintable(reason));
        const auto probed = probeCorpus(file);
        QVERIFY(!probed.error().hint.empty());
    }

    void reportsWhatCannotBeRead()
    {
        const DataFixture data;
        fs::create_symlink("loop", data.path("loop"));
        VERIFY_ERROR(probeCorpus(data.path("loop")), ErrorCode::Io, "loop");
        if (::geteuid() != 0) QSKIP("only root can become somebody without permissions here");
        data.write("open/secret.txt", "secret\n");
        data.write("open/plain.txt", "plain\n");
        data.write("open/closed/x.txt", "x\n");
        fs::permissions(data.path("open/secret.txt"), fs::perms::none);
        fs::permissions(data.path("open/closed"), fs::perms::none);
        fs::permissions(data.path("open").parent_path(), fs::perms::all);
        QCOMPARE(::seteuid(65534), 0);
        const auto file = probeCorpus(data.path("open/secret.txt"));
        const auto folder = probeCorpus(data.path("open"));
        const auto closed = probeCorpus(data.path("open/closed"));
        QCOMPARE(::seteuid(0), 0);
        VERIFY_ERROR(file, ErrorCode::Io, "secret.txt\": Permission denied");
        VERIFY_ERROR(closed, ErrorCode::Io, "closed\": Permission denied");
        VERIFY_OK(folder);
        QCOMPARE(folder->numFiles, uint64_t(1));
        QCOMPARE(reasonOf(*folder, "secret.txt"), std::string("not readable"));
        QCOMPARE(reasonOf(*folder, "closed/"), std::string("not readable"));
    }

    /// Ten gigabytes of holes: refused from its first bytes.
    void refusesASparseFileWithoutReadingIt()
    {
        const DataFixture data;
        data.write("sparse.txt", "");
        fs::resize_file(data.path("sparse.txt"), 10ull << 30);
        const double before = processCpuSeconds();
        VERIFY_ERROR(probeCorpus(data.path("sparse.txt")), ErrorCode::InvalidInput, "binary (NUL at byte 0)");
        VERIFY_ERROR(data.prepare(DataFixture::spec(data.path("sparse.txt"))), ErrorCode::InvalidInput,
                     "binary");
        QVERIFY2(processCpuSeconds() - before < 0.5, "reading 10 GB takes seconds");
        // With text at its front it is too large for one text file, which needs no reading either.
        std::fstream(data.path("sparse.txt"), std::ios::in | std::ios::out) << std::string(8192, 'x');
        VERIFY_ERROR(probeCorpus(data.path("sparse.txt")), ErrorCode::InvalidInput,
                     "10737418240 bytes, expected at most 8");
    }

    void keepsItsLimits()
    {
        const DataFixture data;
        for (int i = 0; i < 5; ++i) data.write("tree/" + std::to_string(i) + ".txt", "12345678");
        CorpusLimits limits;
        limits.maxFiles = 4;
        VERIFY_ERROR(probeCorpus(data.path("tree"), limits), ErrorCode::InvalidInput, "more than 4 entries");
        limits = {};
        limits.maxTotalBytes = 39;
        VERIFY_ERROR(probeCorpus(data.path("tree"), limits), ErrorCode::InvalidInput, "more than 39 bytes");
        limits.maxTotalBytes = 40;
        VERIFY_OK(probeCorpus(data.path("tree"), limits));
        limits.maxFileBytes = 7;
        VERIFY_ERROR(probeCorpus(data.path("tree"), limits), ErrorCode::InvalidInput,
                     "0.txt\": the file has 8 bytes");
    }
};

QTEST_APPLESS_MAIN(TestCorpus)
#include "tst_corpus.moc"
