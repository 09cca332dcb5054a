#include "simulation.h"
#include "support/toy.h"
const struct business shop_business = {.name = "shop", .cores = toy_cores};
