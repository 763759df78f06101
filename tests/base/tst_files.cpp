// SPDX-License-Identifier: Apache-2.0
#include "check_result.h"

#include "core/base/files.h"
#include "core/base/replace_file.h"

#include <QTemporaryDir>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace orrery;
namespace fs = std::filesystem;

class TestFiles : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    fs::path at(const char *name) { return fs::path(m_folder.path().toStdString()) / name; }
    static void put(const fs::path &path, const std::string &text) { std::ofstream(path) << text; }
    static size_t numEntries(const fs::path &folder)
    {
        return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
    }

private Q_SLOTS:
    void cleanup() { setWriteFault(nullptr); }

    void readsWholeFilesWithEveryByte()
    {
        const std::string bytes("a\0b\xff\n", 5);
        put(at("bytes"), bytes);
        const auto content = readFile(at("bytes"), 5);
        VERIFY_OK(content);
        QVERIFY(*content == bytes);
    }
    void readsFilesThatSayTheyAreEmpty()
    {
        const auto content = readFile("/proc/self/status", 1 << 20);
        VERIFY_OK(content);
        QVERIFY(content->starts_with("Name:"));
    }
    void refusesAHugeSparseFileBeforeAllocating()
    {
        put(at("sparse"), "");
        QCOMPARE(::truncate(at("sparse").c_str(), off_t{10} << 30), 0);
        VERIFY_ERROR(readFile(at("sparse"), 1 << 20), ErrorCode::InvalidInput, "10737418240");
        VERIFY_ERROR(readFile("/proc/self/status", 10), ErrorCode::InvalidInput, "at most 10");
    }
    void refusesWhatIsNoFile()
    {
        VERIFY_ERROR(readFile(at("missing"), 10), ErrorCode::NotFound, "missing");
        VERIFY_ERROR(readFile(m_folder.path().toStdString(), 10), ErrorCode::InvalidInput, "a folder");
        QCOMPARE(::mkfifo(at("pipe").c_str(), 0600), 0);
        VERIFY_ERROR(readFile(at("pipe"), 10), ErrorCode::InvalidInput, "not a plain file");
        VERIFY_ERROR(MappedFile::open(at("pipe")), ErrorCode::InvalidInput, "not a plain file");
        VERIFY_ERROR(MappedFile::open(at("missing")), ErrorCode::NotFound, "missing");
    }
    void refusesAFileWithoutPermission()
    {
        if (::geteuid() == 0) QSKIP("root may read everything");
        put(at("secret"), "x");
        QCOMPARE(::chmod(at("secret").c_str(), 0), 0);
        VERIFY_ERROR(readFile(at("secret"), 10), ErrorCode::Io, "Check the permissions");
    }
    void mapsFilesAndKeepsTheMapWhenMoved()
    {
        put(at("mapped"), "hello");
        auto opened = MappedFile::open(at("mapped"));
        VERIFY_OK(opened);
        MappedFile moved = std::move(opened).value();
        MappedFile other;
        other = std::move(moved);
        QCOMPARE(other.bytes().size(), size_t{5});
        QCOMPARE(std::memcmp(other.bytes().data(), "hello", 5), 0);
        put(at("empty"), "");
        const auto empty = MappedFile::open(at("empty"));
        VERIFY_OK(empty);
        QVERIFY(empty->bytes().empty());
    }
    void writerCountsWhatItWrote()
    {
        auto writer = FileWriter::create(at("written"));
        VERIFY_OK(writer);
        VERIFY_OK(writer->write("abc"));
        VERIFY_OK(writer->write("de"));
        VERIFY_OK(writer->sync());
        QCOMPARE(writer->numBytes(), uint64_t{5});
        VERIFY_OK(writer->close());
        QVERIFY(*readFile(at("written"), 100) == "abcde");
    }
    void writerNamesAFolderThatIsMissing()
    {
        VERIFY_ERROR(FileWriter::create(at("no/such/file")), ErrorCode::Io, "no/such/file");
    }
    void replacesFilesAtomically()
    {
        VERIFY_OK(writeFileAtomically(at("spec.json"), "old"));
        VERIFY_OK(writeFileAtomically(at("spec.json"), "new"));
        QVERIFY(*readFile(at("spec.json"), 100) == "new");
    }

    void keepsTheOldFileWhenTheDiskFails_data()
    {
        QTest::addColumn<int>("operation");
        QTest::addColumn<int>("failure");
        QTest::addColumn<QString>("hint");
        QTest::newRow("full on write")
            << int(WriteOperation::Write) << ENOSPC << "Free some space on that disk, then try again.";
        QTest::newRow("quota on write") << int(WriteOperation::Write) << EDQUOT << "Free some space";
        QTest::newRow("full on sync") << int(WriteOperation::Sync) << ENOSPC << "Free some space";
        QTest::newRow("fault on sync") << int(WriteOperation::Sync) << EIO << "The disk reports a fault: check it, and use a good disk from now on.";
        QTest::newRow("read-only on rename")
            << int(WriteOperation::Rename) << EROFS << "choose another place";
    }
    void keepsTheOldFileWhenTheDiskFails()
    {
        QFETCH(int, operation);
        QFETCH(int, failure);
        QFETCH(QString, hint);
        const fs::path folder = at("faulty") / QTest::currentDataTag();
        fs::create_directories(folder);
        VERIFY_OK(writeFileAtomically(folder / "state", "old"));
        setWriteFault([=](WriteOperation now, const fs::path &path, size_t) {
            return int(now) == operation && path.string().find("state") != std::string::npos ? failure : 0;
        });
        const auto result = writeFileAtomically(folder / "state", "new");
        VERIFY_ERROR(result, ErrorCode::Io, "state");
        QVERIFY2(errorText(result).contains(hint), qPrintable(errorText(result)));
        // What may be tried again; a failed fsync never.
        QCOMPARE(result.error().isDiskFull, operation == int(WriteOperation::Write));
        setWriteFault(nullptr);
        QVERIFY(*readFile(folder / "state", 100) == "old");
        QCOMPARE(numEntries(folder), size_t{1});
        VERIFY_OK(writeFileAtomically(folder / "state", "new"));
    }
    void temporariesHaveTheirOwnNames()
    {
        const fs::path one = temporaryBeside(at("state")), other = temporaryBeside(at("state"));
        QVERIFY(one != other);
        QVERIFY(one.parent_path() == at("state").parent_path());
        QVERIFY(isTemporaryOf(one.filename().string(), "state"));
        for (const char *name :
             {"state", "state.tmp-", "state.tmp-old", "my state.tmp-1-2", "state.tmp-1-2.txt"})
            QVERIFY2(!isTemporaryOf(name, "state"), name);
    }
    void replacesWhatSomebodyElseWrites()
    {
        const fs::path folder = at("replaced");
        fs::create_directories(folder);
        const auto fails = [](const fs::path &temporary) -> Result<void> {
            std::ofstream(temporary) << "half";
            return Error{ErrorCode::Io, "Cannot go on.", ""};
        };
        VERIFY_ERROR(replaceFile(folder / "state", fails), ErrorCode::Io, "Cannot go on.");
        QCOMPARE(numEntries(folder), size_t{0});
        VERIFY_OK(replaceFile(folder / "state", [](const fs::path &temporary) -> Result<void> {
            std::ofstream(temporary) << "whole";
            return {};
        }));
        QVERIFY(*readFile(folder / "state", 100) == "whole");
        QCOMPARE(numEntries(folder), size_t{1});
    }
    void tellsTheFaultHookWhatIsWritten()
    {
        size_t bytes = 0;
        int calls = 0;
        setWriteFault([&](WriteOperation operation, const fs::path &, size_t numBytes) {
            if (operation == WriteOperation::Write) bytes += numBytes;
            ++calls;
            return 0;
        });
        VERIFY_OK(writeFileAtomically(at("told"), "12345"));
        QCOMPARE(bytes, size_t{5});
        QCOMPARE(calls, 5); // create, write, sync, rename, sync of the folder
    }
    void renamesAFolderDurably()
    {
        fs::create_directories(at("step.partial"));
        VERIFY_OK(renameDurably(at("step.partial"), at("step")));
        QVERIFY(fs::is_directory(at("step")));
        VERIFY_ERROR(renameDurably(at("nothing"), at("step2")), ErrorCode::NotFound, "nothing");
        VERIFY_ERROR(syncDirectory(at("nothing")), ErrorCode::NotFound, "nothing");
    }
    void measuresFreeSpace()
    {
        const auto bytes = freeBytes(m_folder.path().toStdString());
        VERIFY_OK(bytes);
        QVERIFY(*bytes > 0);
        VERIFY_ERROR(freeBytes(at("nothing")), ErrorCode::NotFound, "nothing");
    }
    void descriptorsCloseOnce()
    {
        put(at("x"), "x");
        FileDescriptor first(::open(at("x").c_str(), 0));
        const int number = first.get();
        FileDescriptor second(std::move(first));
        QVERIFY(!first.isOpen());
        QCOMPARE(second.get(), number);
        second = FileDescriptor();
        QCOMPARE(::fcntl(number, 1), -1);
    }
};

QTEST_GUILESS_MAIN(TestFiles)
#include "tst_files.moc"
