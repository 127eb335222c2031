// guard: symbols. A mutable global, constinit and hence invisible to -Wglobal-constructors.
namespace drey {
constinit long planted_total = 1;
}
long planted() { return ++drey::planted_total; }
