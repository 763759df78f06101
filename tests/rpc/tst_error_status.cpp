// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/error_status.h"

#include <QTest>

#include <grpcpp/client_context.h>

#include <set>

using namespace orrery;

class TestErrorStatus : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void mapsEveryCodeToExactlyOneStatus();
    void readsForeignStatuses_data();
    void readsForeignStatuses();
    void namesActionAndObjectWithoutDetails();
};

void TestErrorStatus::mapsEveryCodeToExactlyOneStatus()
{
    std::set<grpc::StatusCode> used;
    for (int number = 0; number <= static_cast<int>(ErrorCode::NonFinite); ++number) {
        const auto code = static_cast<ErrorCode>(number);
        const grpc::StatusCode status = statusCodeFor(code);
        QVERIFY2(used.insert(status).second, errorCodeName(code));
        QVERIFY(status != grpc::StatusCode::OK);
        // Out of memory is told apart from gRPC's own use of its status by our details only.
        if (code != ErrorCode::OutOfMemory) QCOMPARE(errorCodeFor(status), code);
    }
}

void TestErrorStatus::readsForeignStatuses_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("code");
    const auto row = [](const char *name, grpc::StatusCode status, ErrorCode code) {
        QTest::newRow(name) << static_cast<int>(status) << static_cast<int>(code);
    };
    row("deadline", grpc::StatusCode::DEADLINE_EXCEEDED, ErrorCode::Unavailable);
    row("exhausted", grpc::StatusCode::RESOURCE_EXHAUSTED, ErrorCode::Unavailable);
    row("unimplemented", grpc::StatusCode::UNIMPLEMENTED, ErrorCode::Unavailable);
    row("exists", grpc::StatusCode::ALREADY_EXISTS, ErrorCode::Conflict);
    row("permission", grpc::StatusCode::PERMISSION_DENIED, ErrorCode::Io);
    row("range", grpc::StatusCode::OUT_OF_RANGE, ErrorCode::InvalidInput);
    row("newer", static_cast<grpc::StatusCode>(99), ErrorCode::Unknown);
}

void TestErrorStatus::readsForeignStatuses()
{
    QFETCH(int, status);
    QFETCH(int, code);
    QCOMPARE(static_cast<int>(errorCodeFor(static_cast<grpc::StatusCode>(status))), code);
}

void TestErrorStatus::namesActionAndObjectWithoutDetails()
{
    const grpc::ClientContext context;
    const Error error =
        errorFromStatus({grpc::StatusCode::UNAVAILABLE, "socket closed"}, context, "watch run", "r-1");
    QCOMPARE(error.code, ErrorCode::Unavailable);
    QVERIFY(error.message.starts_with("Cannot watch run \"r-1\": "));
    QVERIFY(!error.hint.empty());
}

QTEST_APPLESS_MAIN(TestErrorStatus)
#include "tst_error_status.moc"
