#include "model/operators/operator.h"

namespace drey::model {

void Operator::on_watermark(int64_t, RecordBlock&, Effects&) {}

}  // namespace drey::model
